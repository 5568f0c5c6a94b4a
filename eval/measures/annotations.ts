import { type Drawing, readDrawing } from "../../data/birds/record.ts";
import {
  type KeyPoint,
  readBoxes,
  readKeyPoints,
  readSegmentation,
  segmentationPath,
} from "../../data/cub_annotations.ts";
import type { Dataset, Picture, Split } from "../../data/dataset.ts";
import { type Extents, haveSameForm, readPictureHeader } from "../../data/picture_header.ts";
import { type Localization, readWsolMetadata } from "../../data/wsol_metadata.ts";
import { UserError } from "../../engine/errors.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import { type PartMap, partMap } from "./cues/part_map.ts";
import type { Box } from "./wsol/contours.ts";
import { type ObjectMask, objectMask, scaledBoxes, SIDE } from "./wsol/object_mask.ts";

/** What people said of the pictures of a split, by the pictures' names in the data set's lists. */
export interface Annotations {
  /** The regions of the parts (paper §5.2); null where none is visible. */
  parts(id: string): Promise<PartMap | null>;
  /** Boxes in pixels of a map of `SIDE × SIDE`. Empty where a split has masks instead. */
  boxes(id: string): Promise<readonly Box[]>;
  /** The objects' pixels, by segmentation. */
  mask(id: string): Promise<ObjectMask>;
  /** How the pictures were drawn, by which they can be drawn again; of birds only. */
  drawing(): Promise<Drawing>;
}

/** The annotations of a split; lists are read when they are needed. */
export function openAnnotations(dataset: Dataset, split: Split): Annotations {
  return dataset.localization
    ? new WsolAnnotations(dataset, split)
    : new CubAnnotations(dataset, split);
}

/** The annotations of a folder in the layout of CUB-200-2011. */
class CubAnnotations implements Annotations {
  #root: string;
  #path: (id: string) => string;
  #points?: Promise<ReadonlyMap<string, ReadonlyMap<number, KeyPoint>>>;
  #boxes?: ReturnType<typeof readBoxes>;
  #drawing?: Promise<Drawing>;

  constructor({ root, name }: Dataset, split: Split) {
    const paths = pathsOf(split);
    this.#root = root;
    this.#path = (id) => paths.get(id) ?? fail(`${name} says nothing of where its objects are`);
  }

  async parts(id: string): Promise<PartMap | null> {
    const points = await (this.#points ??= readKeyPoints(this.#root));
    const { segmentation, size } = await this.#segmentation(id);
    return partMap(points.get(id)!, segmentation, size);
  }

  async boxes(id: string): Promise<readonly Box[]> {
    const boxes = await (this.#boxes ??= readBoxes(this.#root));
    const box = boxes.get(id) ?? fail(`${this.#root}/bounding_boxes.txt has no line for ${id}`);
    const { width, height } = await readPictureHeader(this.#path(id));
    return scaledBoxes({ boxes: [box], size: [width, height] });
  }

  async mask(id: string): Promise<ObjectMask> {
    const { segmentation } = await this.#segmentation(id);
    const { data } = resizeLikePillow(segmentation, SIDE, SIDE, "bicubic");
    const inside = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[3 * i] > 0 ? 1 : 0);
    return { inside, ignored: null };
  }

  async drawing(): Promise<Drawing> {
    return await (this.#drawing ??= readDrawing(this.#root));
  }

  /** @throws {UserError} when it marks nothing, or is of another form than the picture */
  async #segmentation(id: string): Promise<{ segmentation: Picture; size: Extents }> {
    const segmentation = await readSegmentation(this.#root, id);
    const path = segmentationPath(this.#root, id);
    if (!segmentation.data.some((level) => level > 0)) {
      fail(`${path} marks no pixel, expected some that are not black`);
    }
    const { width, height } = await readPictureHeader(this.#path(id));
    if (!haveSameForm(segmentation, { width, height })) {
      fail(
        `${path} has ${segmentation.width} × ${segmentation.height} pixels, but its picture ` +
          `${width} × ${height}: the object would be measured in the wrong place`,
      );
    }
    return { segmentation, size: { width, height } };
  }
}

/** The annotations of a split in the layout of the WSOL benchmark: boxes, or masks. */
class WsolAnnotations implements Annotations {
  #dataset: Dataset;
  #split: Split["name"];
  #paths: ReadonlyMap<string, string>;
  #places?: Promise<ReadonlyMap<string, Localization>>;

  constructor(dataset: Dataset, split: Split) {
    this.#dataset = dataset;
    this.#split = split.name;
    this.#paths = pathsOf(split);
  }

  parts(): Promise<PartMap | null> {
    return fail(`${this.#dataset.name} in wsolevaluation's layout has no parts`);
  }

  drawing(): Promise<Drawing> {
    return fail(`The pictures of ${this.#dataset.name} were not drawn, as those of birds are`);
  }

  async boxes(id: string): Promise<readonly Box[]> {
    const place = await this.#place(id);
    return place.boxes.length > 0 ? scaledBoxes(place) : [];
  }

  async mask(id: string): Promise<ObjectMask> {
    return await objectMask(await this.#place(id), this.#dataset.localization!.masks);
  }

  async #place(id: string): Promise<Localization> {
    const { name, localization } = this.#dataset;
    const folder = this.#split === "train" ? undefined : localization!.metadata[this.#split];
    if (folder === undefined) {
      return fail(`${name} says nothing of where the objects of its ${this.#split} split are`);
    }
    const place = (await (this.#places ??= readWsolMetadata(folder))).get(id)!;
    if (place.boxes.length > 0) await this.#compareSize(id, place, folder);
    return place;
  }

  /** Boxes are scaled by the size that the list gives: another one would move them. */
  async #compareSize(id: string, { size }: Localization, folder: string): Promise<void> {
    const path = this.#paths.get(id)!;
    const { width, height } = await readPictureHeader(path);
    const [listed, found] = [size!.join(" × "), `${width} × ${height}`];
    if (listed === found) return;
    fail(
      `${path} has ${found} pixels, but ${folder}/image_sizes.txt says ${listed}: boxes would be ` +
        `measured in the wrong place (./calm data check ${this.#dataset.root} names all such pictures)`,
    );
  }
}

function pathsOf({ ids, source }: Split): ReadonlyMap<string, string> {
  return new Map(source.kind === "files" ? ids.map((id, i) => [id, source.paths[i]]) : []);
}

function fail(message: string): never {
  throw new UserError(message);
}
