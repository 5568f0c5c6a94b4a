import { readParameters, withParameters } from "../../../model/parameters.ts";
import type { AttributionMap } from "../../maps/explain.ts";
import { BatchMaps } from "../../maps/batch_maps.ts";
import type { AttributionKind } from "../../maps/kinds.ts";
import { probabilitiesOf } from "../erasing/erase.ts";
import {
  type Evaluation,
  type Json,
  namedCounts,
  Records,
  sampleOf,
  type View,
} from "../evaluation.ts";
import { rankCorrelation } from "../rank_correlation.ts";
import { type CellEffects, cellEffects } from "./cell_effects.ts";
import { lastWeight } from "../../../model/methods.ts";

/** What is added to every logit. */
const SHIFT = 1;
/** Changes of a probability that count as changes. */
const CHANGE = 1e-5;

/** How far maps keep to the axioms of attribution (paper §3.1, §4.2), means over the pictures. */
export interface AxiomScores {
  /** Completeness: |Σ_z s_z − p(ŷ|x)|; 0 keeps it. */
  readonly completeness: number;
  /**
   * Implementation invariance: how far the map moves, relative to its largest value, when 1 is added
   * to all class logits, which is the same function written otherwise; 0 keeps it.
   */
  readonly shift: number;
  /** How far p(y|x) moves at the same time: rounding only. */
  readonly shiftOfProbability: number;
  /** Sensitivity: percentage of the cells that matter to p(ŷ|x) but are attributed nothing. */
  readonly missed: number;
  /** Sensitivity, conversely: percentage of the cells that do not matter but are attributed something. */
  readonly idle: number;
  /** Percentage of |attribution| that lies on cells that do not matter. */
  readonly idleShare: number;
  /** Sensitivity: rank correlation of the cells' |attribution| with how far p(ŷ|x) moves by them. */
  readonly correlation: number;
  readonly images: number;
  /**
   * Pictures that a mean leaves out, by its name, where there are any: no cell matters or all do, or
   * a map is constant.
   */
  readonly undefinedIn: Readonly<Record<string, number>>;
}

/** The means in the order of the records. */
const COLUMNS = [
  "completeness",
  "shift",
  "shiftOfProbability",
  "missed",
  "idle",
  "idleShare",
  "correlation",
] as const;

/**
 * Measures the axioms for one kind of map, of the true class.
 *
 * For sensitivity every cell of the backbone's feature map is replaced by the mean cell and the
 * picture classified anew; a cell matters when p(ŷ|x) changes by more than 10⁻⁵. The axiom says that
 * exactly these are attributed something. Maps of another size are summed up within each cell.
 */
export class Axioms implements Evaluation<AxiomScores> {
  #kind: AttributionKind;
  #every: number;
  #scores = new Records();

  /** @param options `every`: only pictures whose position is divisible by it */
  constructor({ kind, every }: { readonly kind: AttributionKind; readonly every: number }) {
    this.#kind = kind;
    this.#every = every;
  }

  async add(whole: View): Promise<void> {
    const view = sampleOf(whole, this.#every);
    if (!view) return;
    const { model, batch, maps, once } = view;
    const { labels, indices, images, size } = batch;
    const wanted = Array.from(labels, (label) => [label]);
    const before = await maps.of(this.#kind, wanted);
    const p = await once("probabilities", () => probabilitiesOf(model, images, size));
    const shifted = await once("shifted maps", () => Promise.resolve(shiftedMaps(view)));
    const after = await shifted(this.#kind, wanted);
    const shiftedP = await once("shifted probabilities", () => shifted.probabilities());
    const effects = await once("cell effects", () => cellEffects(model, batch, labels));
    for (const [n, index] of indices.entries()) {
      const label = labels[n];
      const [map, moved] = [before(n, label), after(n, label)];
      const cells = perCell(map, effects[n]);
      const sizes = cells.map(Math.abs);
      const matters = (z: number) => Math.abs(effects[n].effects[z]) > CHANGE;
      const [mattering, idle] = [matters, (z: number) => !matters(z)]
        .map((wanted) => [...sizes.keys()].filter(wanted));
      const shareOf = (places: number[], wanted: (z: number) => boolean) =>
        100 * places.filter(wanted).length / places.length;
      const total = sizes.reduce((a, b) => a + b, 0);
      this.#scores.add(index, [
        Math.abs(map.values.reduce((a, b) => a + b, 0) - p[n][label]),
        largestDifference(map.values, moved.values) / largest(map.values),
        largestDifference(p[n], shiftedP[n]),
        shareOf(mattering, (z) => sizes[z] === 0),
        shareOf(idle, (z) => sizes[z] > 0),
        100 * idle.reduce((sum, z) => sum + sizes[z], 0) / total,
        rankCorrelation(sizes, effects[n].effects.map(Math.abs)),
      ]);
    }
  }

  tally(): Json {
    return this.#scores.tally();
  }

  merge(tally: Json): void {
    this.#scores.merge(tally);
  }

  result(): AxiomScores {
    const means = this.#scores.means();
    const [completeness, shift, shiftOfProbability, missed, idle, idleShare, correlation] = COLUMNS
      .map((_, i) => means[i] ?? NaN);
    return {
      ...{ completeness, shift, shiftOfProbability, missed, idle, idleShare, correlation },
      images: this.#scores.size,
      undefinedIn: namedCounts(COLUMNS, this.#scores.undefinedRows()),
    };
  }
}

/** Maps and predictions of the same function with all class logits moved by a constant. */
function shiftedMaps({ model, batch, mapOptions }: View) {
  const maps = new BatchMaps(model, batch, mapOptions);
  const within = async <T>(body: () => Promise<T>): Promise<T> => {
    const bias = lastWeight(model.method).replace(/weight$/, "bias");
    const old = await readParameters(model, (name) => name === bias);
    const values = new Map(
      [...old].map(([name, bias]) => [name, bias.map((value) => value + SHIFT)]),
    );
    return await withParameters(model, { values, old }, body);
  };
  return Object.assign(
    (...wanted: Parameters<BatchMaps["of"]>) => within(() => maps.of(...wanted)),
    { probabilities: () => within(() => probabilitiesOf(model, batch.images, batch.size)) },
  );
}

/** A map at the resolution of the feature map: sums over each cell's pixels. */
function perCell(map: AttributionMap, { width, height }: CellEffects): Float64Array {
  const sums = new Float64Array(width * height);
  for (let i = 0; i < map.values.length; i++) {
    const x = Math.floor((i % map.width) * width / map.width);
    const y = Math.floor(Math.floor(i / map.width) * height / map.height);
    sums[y * width + x] += map.values[i];
  }
  return sums;
}

function largest(values: Float32Array): number {
  return values.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((top, value, i) => Math.max(top, Math.abs(value - b[i])), 0);
}
