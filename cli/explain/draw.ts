import { join } from "node:path";
import { encodePng } from "../../data/codecs.ts";
import type { Picture } from "../../data/dataset.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import { type AttributionMap, runnerUp } from "../../eval/maps/explain.ts";
import { type AttributionKind, headingOf, isSigned } from "../../eval/maps/kinds.ts";
import { mapsOfPicture } from "../../eval/maps/picture_maps.ts";
import { encodeNpy } from "../../eval/measures/npy.ts";
import { type Cell, drawGrid, type GridRow, mapCell } from "../../eval/present/pictures/grid.ts";
import { type Look, topOf } from "../../eval/present/pictures/look.ts";
import { readable, shortNumber } from "../../eval/present/pictures/svg.ts";
import { isCalm, methodKind } from "../../model/methods.ts";
import { upscale } from "../../eval/maps/upscale.ts";
import type { OpenedModel } from "../../model/stored/open_model.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import type { PictureFile } from "./names.ts";

/** A model whose maps are drawn. */
export interface NamedModel {
  /** In front of its row, and the folder of its maps: null where it is alone. */
  readonly name: string | null;
  readonly checkpoint: string;
  readonly opened: OpenedModel;
  /** Its maps, of those that were asked for. */
  readonly kinds: readonly AttributionKind[];
}

/** What of each picture is to be drawn, and where. */
export interface Asked {
  readonly models: readonly NamedModel[];
  /** All that is drawn, in the order in which it was asked for. */
  readonly kinds: readonly AttributionKind[];
  /** The class of the maps; null for the likeliest of each picture, as the first model sees it. */
  readonly label: number | null;
  /** counterfactual: the class to subtract; null for the likeliest other one. */
  readonly against: number | null;
  /** subset: the classes to add up. */
  readonly subset: readonly number[] | null;
  /** Maps as files of NumPy: as large as they are, or as the network's input. */
  readonly npy: "raw" | "resized" | null;
  readonly look: Look;
  /** Where the outputs go. */
  readonly folder: string;
}

/** Where the maps of a model go, each alone. */
export function folderOf({ folder }: Pick<Asked, "folder">, { name }: NamedModel): string {
  return name === null ? folder : join(folder, name);
}

/** Pictures side by side. */
const PER_ROW = 4;

/** Pixels of the long side of what is drawn; larger photographs are made smaller. */
const LONG_SIDE = 1024;

/**
 * Writes the maps of a picture, each alone and all beside the picture: of several models a row each.
 *
 * @returns the files, and a line about them
 * @throws {UserError} when a file cannot be written
 */
export async function drawExplanation(
  { path, name: stem }: PictureFile,
  picture: Picture,
  asked: Asked,
) {
  const shown = shrunk(picture);
  const { label, seen } = await lookAt(picture, asked);
  const [{ opened: { classNames } }] = asked.models;
  const nameOf = (y: number) => classNames?.[y] ?? `class ${y}`;
  const outputs = [];
  const rows: GridRow[] = [];
  for (const { model, probabilities, predicted, maps } of seen) {
    const { method } = model.opened.options;
    const told = (y: number) => `p(y|x) = ${shortNumber(probabilities[y])}`;
    const against = asked.against ?? runnerUp(probabilities, label);
    const isPredicted = label === predicted;
    const first: Cell = {
      heading: { title: "picture" },
      picture: shown,
      caption: [
        readable(nameOf(label)),
        told(label) + (isPredicted ? ", predicted" : ""),
        ...(!isPredicted && seen.length > 1 ? [`predicted: ${readable(nameOf(predicted))}`] : []),
      ],
    };
    const cells = new Map<AttributionKind, Cell>();
    for (const { kind, map } of maps) {
      const other = kind === "counterfactual" ? against : null;
      const caption = other !== null
        ? [`less ${readable(nameOf(other))}`, told(other)]
        : kind === "subset"
        ? [`${asked.subset!.length} classes`]
        : [];
      const signed = isSigned(kind);
      const top = topOf(map, comparedTo(model, kind, seen), asked.look, signed);
      const cell = mapCell(shown, map, { signed, caption, top, look: asked.look });
      cells.set(kind, { ...cell, heading: headingOf(kind, method) });
      const file = join(folderOf(asked, model), `${stem}-${kind}-${label}`);
      await writeAtomically(`${file}.png`, await encodePng(cell.picture));
      const npy = asked.npy ? `${file}.npy` : null;
      if (npy) {
        const { crop } = model.opened;
        await writeAtomically(npy, asked.npy === "resized" ? scaled(map, crop) : raw(map));
      }
      const probability = probabilities[label];
      outputs.push({
        ...{ image: path, map: kind, class: nameOf(label), npy, png: `${file}.png`, probability },
        ...(other !== null ? { against: nameOf(other) } : {}),
        ...(model.name !== null ? { checkpoint: model.checkpoint } : {}),
      });
    }
    rows.push(...rowsOf(model, first, cells, asked));
  }
  const { svg, png } = await drawGrid({ columns: [], rows });
  const figure = join(asked.folder, stem);
  await writeAtomically(`${figure}.svg`, new TextEncoder().encode(svg));
  await writeAtomically(`${figure}.png`, png);
  const probability = shortNumber(seen[0].probabilities[label]);
  return {
    maps: outputs,
    figure: { image: path, svg: `${figure}.svg`, png: `${figure}.png` },
    // A terminal obeys control characters, those that turn the direction too.
    line: `${figure}.png  ${nameOf(label).replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd")}, ` +
      `p(y|x) = ${probability}: ${asked.kinds.join(", ")}`,
  };
}

/** What a model says of a picture. */
interface Seen {
  readonly model: NamedModel;
  readonly probabilities: Float32Array;
  readonly predicted: number;
  /** Its maps of the class, and the maps to which a shared scale compares them. */
  readonly maps: readonly {
    readonly kind: AttributionKind;
    readonly map: AttributionMap;
    readonly compared: readonly AttributionMap[];
  }[];
}

/** Shows a picture to every model, and takes the maps of one class. */
async function lookAt(
  picture: Picture,
  { models, label: wanted, against, subset, look: { scale } }: Asked,
): Promise<{ label: number; seen: Seen[] }> {
  let label = wanted;
  const seen: Seen[] = [];
  for (const model of models) {
    const batchMaps = mapsOfPicture(model.opened, picture, {
      against: against ?? undefined,
      superset: subset ? () => subset : undefined,
    });
    const [{ probabilities, predicted }] = await batchMaps.explanations();
    const chosen = label ??= predicted;
    const labels = scale === "shared" ? [chosen, predicted] : [chosen];
    const maps = [];
    for (const kind of model.kinds) {
      const found = await batchMaps.of(kind, [labels]);
      maps.push({ kind, map: found(0, chosen), compared: labels.map((y) => found(0, y)) });
    }
    seen.push({ model, probabilities, predicted, maps });
  }
  return { label: label!, seen };
}

/** Maps of a kind whose numbers are like those of a model's. */
function comparedTo(model: NamedModel, kind: AttributionKind, seen: readonly Seen[]) {
  return seen.filter((other) => isOfCalm(other.model) === isOfCalm(model))
    .flatMap(({ maps }) => maps.filter((each) => each.kind === kind))
    .flatMap(({ compared }) => compared);
}

/**
 * Rows of a model: alone it has as many as it needs, of several each has one, and maps that several
 * of them have stand below each other.
 */
function rowsOf(
  { name, opened, kinds }: NamedModel,
  first: Cell,
  cells: ReadonlyMap<AttributionKind, Cell>,
  { kinds: wanted, models }: Asked,
): GridRow[] {
  if (name !== null) {
    const isCommon = (kind: AttributionKind) =>
      models.filter((other) => other.kinds.includes(kind)).length > 1;
    const columns = wanted.some(isCommon) ? wanted : kinds;
    const label = `${methodKind(opened.options.method).title} ${name}`;
    return [{ label, cells: [first, ...columns.map((kind) => cells.get(kind) ?? null)] }];
  }
  const all = [first, ...cells.values()];
  const count = Math.ceil(all.length / PER_ROW);
  return Array.from(
    { length: count },
    (_, row) => ({ cells: all.slice(row * PER_ROW, (row + 1) * PER_ROW) }),
  );
}

/** Whether maps are of probabilities: others of the same kind, of logits, are no numbers alike. */
function isOfCalm({ opened: { options } }: NamedModel): boolean {
  return isCalm(options.method);
}

/** The whole picture, as the network saw it, so that its maps lie over all of it. */
function shrunk(picture: Picture): Picture {
  const zoom = LONG_SIDE / Math.max(picture.width, picture.height);
  if (zoom >= 1) return picture;
  const [width, height] = [picture.width, picture.height]
    .map((side) => Math.max(1, Math.round(side * zoom)));
  return resizeLikePillow(picture, width, height);
}

/** Float32, at the map's own resolution. */
function raw({ values, width, height }: AttributionMap): Uint8Array {
  return encodeNpy(Float32Array.from(values), [height, width]);
}

/** Float32, at the resolution of the network's input. */
function scaled(map: AttributionMap, side: number): Uint8Array {
  return encodeNpy(Float32Array.from(upscale(map, side)), [side, side]);
}
