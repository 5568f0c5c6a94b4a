import type { Picture } from "../../data/dataset.ts";
import type { OpenedModel } from "../../model/open_model.ts";
import { type AttributionMap, mapKinds, runnerUp } from "../attribution/explain.ts";
import { type AttributionKind, ownKind } from "../attribution/kinds.ts";
import { mapsOfPicture } from "../attribution/picture_maps.ts";
import { type Cell, type Grid, mapCell } from "../pictures/grid.ts";
import { MAP_TITLES } from "../pictures/map_titles.ts";
import { readable, shortNumber } from "../pictures/svg.ts";
import { rowTitle } from "../tables/rows.ts";
import { SIDE } from "../wsol/object_mask.ts";
import { familyOf, type Shown, type ShownPair } from "./subjects.ts";

/** What stands for a class in a caption. */
const nameOf = (classNames: readonly string[], label: number) => readable(classNames[label]);

/** Figure 1: for each model the maps of two classes and their difference. */
export async function figure1(
  models: readonly OpenedModel[],
  { picture, label, against, mask }: ShownPair,
  classNames: readonly string[],
): Promise<Grid> {
  const [a, b] = [label, against].map((y) => nameOf(classNames, y));
  const rows = [];
  for (const model of models) {
    const { method } = model.options;
    const kind = method === "cam" ? "cam-max" : "joint";
    const maps = mapsOfPicture(model, picture);
    const [{ probabilities }] = await maps.explanations();
    const found = await maps.of(kind, []);
    const [ofA, ofB] = [found(0, label), found(0, against)];
    const told = (y: number) => [`p(y|x) = ${shortNumber(probabilities[y])}`];
    rows.push({
      label: rowTitle(method, ownKind(method)),
      cells: [
        { picture, caption: [a] },
        mapCell(picture, ofA, { signed: false, caption: told(label) }),
        mapCell(picture, ofB, { signed: false, caption: told(against) }),
        mapCell(picture, minus(ofA, ofB), { signed: true }),
        maskCell(picture, mask),
      ],
    });
  }
  const columns = ["picture", `A: ${a}`, `B: ${b}`, "A − B", "where A and B differ"]
    .map((title) => ({ title }));
  return { columns, rows };
}

/** Figure 3: every kind of map of CALM. */
export async function figure3(
  model: OpenedModel,
  shown: readonly Shown[],
  { classNames, superset, against }: {
    readonly classNames: readonly string[];
    readonly superset?: (label: number) => readonly number[];
    readonly against?: number;
  },
): Promise<Grid> {
  const kinds = (["joint", "conditional", "saliency", "subset", "counterfactual"] as const)
    .filter((kind) => mapKinds(model.model).includes(kind));
  const rows = [];
  for (const { picture, label } of shown) {
    const classes = superset?.(label) ?? familyOf(classNames, label);
    const maps = mapsOfPicture(model, picture, { superset: () => classes, against });
    const [{ probabilities }] = await maps.explanations();
    const other = against ?? runnerUp(probabilities, label);
    const cells: Cell[] = [{
      picture,
      caption: [nameOf(classNames, label), `p(y|x) = ${shortNumber(probabilities[label])}`],
    }];
    for (const kind of kinds) {
      const map = (await maps.of(kind, []))(0, label);
      const caption = kind === "subset"
        ? [`Y: ${classes.length} classes`]
        : kind === "counterfactual"
        ? [`y′: ${nameOf(classNames, other!)}`]
        : [];
      cells.push(mapCell(picture, map, { signed: kind === "counterfactual", caption }));
    }
    rows.push({ cells });
  }
  const titled = kinds.map((kind) => {
    const [title, formula] = MAP_TITLES[kind];
    return { title: kind === "joint" ? "attribution" : title, formula };
  });
  return { columns: [{ title: "picture" }, ...titled], rows };
}

/** Figure 4: counterfactual attributions s^A − s^B of several methods against the true parts. */
export async function figure4(
  models: readonly OpenedModel[],
  shown: readonly ShownPair[],
  { classNames, gradients }: {
    readonly classNames: readonly string[];
    /** Kinds besides the model's own for models of CAM. */
    readonly gradients: readonly AttributionKind[];
  },
): Promise<Grid> {
  const methods = models.flatMap((model) => {
    const { method } = model.options;
    const others = method === "cam" ? gradients : [];
    return [...others, ownKind(method)].map((kind) => ({ model, kind, method }));
  });
  const rows = [];
  for (const { picture, label, against, mask } of shown) {
    const cells: Cell[] = [
      {
        picture,
        caption: [`A: ${nameOf(classNames, label)}`, `B: ${nameOf(classNames, against)}`],
      },
      maskCell(picture, mask),
    ];
    for (const { model, kind } of methods) {
      const found = await mapsOfPicture(model, picture).of(kind, [[label, against]]);
      cells.push(mapCell(picture, minus(found(0, label), found(0, against)), { signed: true }));
    }
    rows.push({ cells });
  }
  const columns = [
    "picture",
    "where A and B differ",
    ...methods.map(({ method, kind }) => rowTitle(method, kind)),
  ].map((title) => ({ title }));
  return { columns, rows };
}

/** Figure 6: the map of the class, summed over its superset, and over all classes. */
export async function figure6(
  model: OpenedModel,
  shown: readonly Shown[],
  { classNames, superset }: {
    readonly classNames: readonly string[];
    readonly superset?: (label: number) => readonly number[];
  },
): Promise<Grid> {
  const rows = [];
  for (const { picture, label } of shown) {
    const family = superset?.(label) ?? familyOf(classNames, label);
    const cells: Cell[] = [{ picture }];
    const steps = [[label], family, [...classNames.keys()]];
    for (const [i, classes] of steps.entries()) {
      const maps = mapsOfPicture(model, picture, { superset: () => classes });
      const [{ probabilities }] = await maps.explanations();
      const total = classes.reduce((sum, y) => sum + probabilities[y], 0);
      const map = (await maps.of("subset", []))(0, label);
      const what = i === 0 ? nameOf(classNames, label) : `${classes.length} classes`;
      const caption = [what, `p(Y|x) = ${shortNumber(total)}`];
      cells.push(mapCell(picture, map, { signed: false, caption }));
    }
    rows.push({ cells });
  }
  const columns = ["picture", "class", "superset", "all classes"].map((title) => ({ title }));
  return { columns, rows };
}

function minus(a: AttributionMap, b: AttributionMap): AttributionMap {
  return { ...a, values: a.values.map((value, i) => value - b.values[i]) };
}

/** A mask in red over its picture. */
function maskCell(picture: Picture, mask: Uint8Array): Cell {
  const map = { width: SIDE, height: SIDE, values: Float32Array.from(mask) };
  const { picture: drawn } = mapCell(picture, map, { signed: true });
  return { picture: drawn };
}
