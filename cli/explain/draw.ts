import { join } from "node:path";
import { encodePng } from "../../data/codecs.ts";
import type { Picture } from "../../data/dataset.ts";
import { resizeLikePillow } from "../../data/resize.ts";
import { type AttributionMap, runnerUp } from "../../eval/attribution/explain.ts";
import type { AttributionKind } from "../../eval/attribution/kinds.ts";
import { mapsOfPicture } from "../../eval/attribution/picture_maps.ts";
import { encodeNpy } from "../../eval/npy.ts";
import { type Cell, drawGrid, mapCell } from "../../eval/pictures/grid.ts";
import { MAP_TITLES } from "../../eval/pictures/map_titles.ts";
import { readable, shortNumber } from "../../eval/pictures/svg.ts";
import { upscale } from "../../eval/upscale.ts";
import type { OpenedModel } from "../../model/open_model.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import type { PictureFile } from "./names.ts";

/** What of each picture is to be drawn, and where. */
export interface Asked {
  readonly kinds: readonly AttributionKind[];
  /** The class of the maps; null for the likeliest of each picture. */
  readonly label: number | null;
  /** counterfactual: the class to subtract; null for the likeliest other one. */
  readonly against: number | null;
  /** subset: the classes to add up. */
  readonly subset: readonly number[] | null;
  /** Maps as files of NumPy: as large as they are, or as the network's input. */
  readonly npy: "raw" | "resized" | null;
  /** Where the outputs go. */
  readonly folder: string;
}

/** Maps with negative values. */
const SIGNED: readonly AttributionKind[] = ["counterfactual", "cam"];

/** Pictures side by side. */
const PER_ROW = 4;

/** Pixels of the long side of what is drawn; larger photographs are made smaller. */
const LONG_SIDE = 1024;

/**
 * Writes the maps of a picture, each alone and all beside the picture.
 *
 * @returns the files, and a line about them
 * @throws {UserError} when a file cannot be written
 */
export async function drawExplanation(
  { path, name: stem }: PictureFile,
  picture: Picture,
  opened: OpenedModel,
  asked: Asked,
) {
  const { classNames, crop } = opened;
  const { kinds, subset, folder } = asked;
  const shown = shrunk(picture);
  const batchMaps = mapsOfPicture(opened, picture, {
    against: asked.against ?? undefined,
    superset: subset ? () => subset : undefined,
  });
  const [{ probabilities, predicted }] = await batchMaps.explanations();
  const label = asked.label ?? predicted;
  const against = asked.against ?? runnerUp(probabilities, label);
  const nameOf = (y: number) => classNames?.[y] ?? `class ${y}`;
  const told = (y: number) => `p(y|x) = ${shortNumber(probabilities[y])}`;

  const maps = [];
  const cells: Cell[] = [{
    heading: { title: "picture" },
    picture: shown,
    caption: [readable(nameOf(label)), told(label) + (label === predicted ? ", predicted" : "")],
  }];
  for (const kind of kinds) {
    const map = (await batchMaps.of(kind, [[label]]))(0, label);
    const other = kind === "counterfactual" ? against : null;
    const caption = other !== null
      ? [`less ${readable(nameOf(other))}`, told(other)]
      : kind === "subset"
      ? [`${subset!.length} classes`]
      : [];
    const cell = mapCell(shown, map, { signed: SIGNED.includes(kind), caption });
    cells.push({ ...cell, heading: titleOf(kind) });
    const file = join(folder, `${stem}-${kind}-${label}`);
    await writeAtomically(`${file}.png`, await encodePng(cell.picture));
    const npy = asked.npy ? `${file}.npy` : null;
    if (npy) await writeAtomically(npy, asked.npy === "resized" ? scaled(map, crop) : raw(map));
    const probability = probabilities[label];
    maps.push({
      ...{ image: path, map: kind, class: nameOf(label), npy, png: `${file}.png`, probability },
      ...(other !== null ? { against: nameOf(other) } : {}),
    });
  }
  const rows = [];
  for (let from = 0; from < cells.length; from += PER_ROW) {
    rows.push({ cells: cells.slice(from, from + PER_ROW) });
  }
  const { svg, png } = await drawGrid({ columns: [], rows });
  const figure = join(folder, stem);
  await writeAtomically(`${figure}.svg`, new TextEncoder().encode(svg));
  await writeAtomically(`${figure}.png`, png);
  return {
    maps,
    figure: { image: path, svg: `${figure}.svg`, png: `${figure}.png` },
    // A terminal obeys control characters, those that turn the direction too.
    line: `${figure}.png  ${nameOf(label).replace(/[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd")}, ${
      told(label)
    }: ${kinds.join(", ")}`,
  };
}

/** The whole picture, as the network saw it, so that its maps lie over all of it. */
function shrunk(picture: Picture): Picture {
  const zoom = LONG_SIDE / Math.max(picture.width, picture.height);
  if (zoom >= 1) return picture;
  const [width, height] = [picture.width, picture.height]
    .map((side) => Math.max(1, Math.round(side * zoom)));
  return resizeLikePillow(picture, width, height);
}

function titleOf(kind: AttributionKind): { title: string; formula: string } {
  const [title, formula] = MAP_TITLES[kind];
  return { title, formula };
}

/** Float32, at the map's own resolution. */
function raw({ values, width, height }: AttributionMap): Uint8Array {
  return encodeNpy(Float32Array.from(values), [height, width]);
}

/** Float32, at the resolution of the network's input. */
function scaled(map: AttributionMap, side: number): Uint8Array {
  return encodeNpy(Float32Array.from(upscale(map, side)), [side, side]);
}
