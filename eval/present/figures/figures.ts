import type { Picture } from "../../../data/dataset.ts";
import type { OpenedModel } from "../../../model/stored/open_model.ts";
import { type AttributionMap, runnerUp } from "../../maps/explain.ts";
import { type AttributionKind, headingOf, isSigned, ownKind, ownKinds } from "../../maps/kinds.ts";
import { mapsOfPicture } from "../../maps/picture_maps.ts";
import { type Cell, type Grid, mapCell } from "../pictures/grid.ts";
import { type Look, topOf } from "../pictures/look.ts";
import { readable, shortNumber } from "../pictures/svg.ts";
import { rowTitle } from "../tables/rows.ts";
import { SIDE } from "../../measures/wsol/object_mask.ts";
import { familyOf, type Shown, type ShownPair } from "./subjects.ts";

/** What stands for a class in a caption. */
const nameOf = (classNames: readonly string[], label: number) => readable(classNames[label]);

/** A model, and what its run or file is called. */
export interface NamedModel extends OpenedModel {
  readonly name: string;
}

/** Figure 1: for each model the maps of two classes and their difference. */
export async function figure1(
  models: readonly NamedModel[],
  { picture, label, against, mask }: ShownPair,
  { classNames, look }: { readonly classNames: readonly string[]; readonly look: Look },
): Promise<Grid> {
  const [a, b] = [label, against].map((y) => nameOf(classNames, y));
  const rows = [];
  for (const model of models) {
    const { method } = model.options;
    const [kind] = ownKinds(model.model);
    const maps = mapsOfPicture(model, picture);
    const [{ probabilities }] = await maps.explanations();
    const found = await maps.of(kind, [[label, against]]);
    const [ofA, ofB] = [found(0, label), found(0, against)];
    const drawn = (map: AttributionMap, y: number) => {
      const caption = [`p(y|x) = ${shortNumber(probabilities[y])}`];
      const top = topOf(map, [ofA, ofB], look, false);
      return mapCell(picture, map, { signed: false, caption, top, look });
    };
    rows.push({
      label: `${rowTitle(method, ownKind(method))} ${model.name}`,
      cells: [
        { picture, caption: [a] },
        drawn(ofA, label),
        drawn(ofB, against),
        mapCell(picture, minus(ofA, ofB), { signed: true, look }),
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
  model: NamedModel,
  shown: readonly Shown[],
  { classNames, superset, against, look }: {
    readonly look: Look;
    readonly classNames: readonly string[];
    readonly superset?: (label: number) => readonly number[];
    readonly against?: number;
  },
): Promise<Grid> {
  const kinds = (["joint", "conditional", "saliency", "subset", "counterfactual"] as const)
    .filter((kind) => ownKinds(model.model).includes(kind));
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
      cells.push(mapCell(picture, map, { signed: isSigned(kind), caption, look }));
    }
    rows.push({ cells });
  }
  const titled = kinds.map((kind) => {
    const heading = headingOf(kind, model.options.method);
    return kind === "joint" ? { ...heading, title: "attribution" } : heading;
  });
  return { title: titleOf(model), columns: [{ title: "picture" }, ...titled], rows };
}

/** Figure 4: counterfactual attributions s^A − s^B of several methods against the true parts. */
export async function figure4(
  models: readonly NamedModel[],
  shown: readonly ShownPair[],
  { classNames, gradients, look }: {
    readonly look: Look;
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
      const difference = minus(found(0, label), found(0, against));
      cells.push(mapCell(picture, difference, { signed: true, look }));
    }
    rows.push({ cells });
  }
  const columns = [
    { title: "picture" },
    { title: "where A and B differ" },
    ...methods.map(({ model, method, kind }) => ({
      title: rowTitle(method, kind),
      formula: model.name,
    })),
  ];
  return { columns, rows };
}

/** Figure 6: the map of the class, summed over its superset, and over all classes. */
export async function figure6(
  model: NamedModel,
  shown: readonly Shown[],
  { classNames, superset, look }: {
    readonly look: Look;
    readonly classNames: readonly string[];
    readonly superset?: (label: number) => readonly number[];
  },
): Promise<Grid> {
  const rows = [];
  for (const { picture, label } of shown) {
    const family = superset?.(label) ?? familyOf(classNames, label);
    const found: { map: AttributionMap; caption: string[] }[] = [];
    const steps = [[label], family, [...classNames.keys()]];
    for (const [i, classes] of steps.entries()) {
      const maps = mapsOfPicture(model, picture, { superset: () => classes });
      const [{ probabilities }] = await maps.explanations();
      const total = classes.reduce((sum, y) => sum + probabilities[y], 0);
      const map = (await maps.of("subset", []))(0, label);
      const what = i === 0 ? nameOf(classNames, label) : `${classes.length} classes`;
      found.push({ map, caption: [what, `p(Y|x) = ${shortNumber(total)}`] });
    }
    const all = found.map(({ map }) => map);
    const drawn = found.map(({ map, caption }) => {
      const top = topOf(map, all, look, false);
      return mapCell(picture, map, { signed: false, caption, top, look });
    });
    rows.push({ cells: [{ picture }, ...drawn] });
  }
  const columns = ["picture", "class", "superset", "all classes"].map((title) => ({ title }));
  return { title: titleOf(model), columns, rows };
}

/** Which model a figure of one is of. */
function titleOf({ name, options: { arch, method } }: NamedModel): [string, string] {
  return [rowTitle(method, ownKind(method)), `${name}, ${arch}`];
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
