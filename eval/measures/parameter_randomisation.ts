import { buildModel, type ModelOptions } from "../../model/build.ts";
import type { Classifier } from "../../model/classifier.ts";
import { readParameters, withParameters } from "../../model/parameters.ts";
import { BatchMaps } from "../maps/batch_maps.ts";
import type { AttributionKind } from "../maps/kinds.ts";
import {
  type Evaluation,
  type Json,
  namedCounts,
  Records,
  sampleOf,
  type View,
} from "./evaluation.ts";
import { rankCorrelation } from "./rank_correlation.ts";

/** Of the weights that replace the trained ones. */
const SEED = 0x5a417;

/** How maps change with the weights. */
export interface RandomisationScores {
  /** What was drawn anew, from the last layers down; everything before it is, too. */
  readonly layers: readonly string[];
  /**
   * Rank correlation of |map| before and after, by layer, means over the pictures: a method that
   * explains the model falls to 0.
   */
  readonly correlation: readonly number[];
  readonly images: number;
  /** Pictures that a mean leaves out, by layer, where there are any: a map is constant. */
  readonly undefinedIn: Readonly<Record<string, number>>;
}

/**
 * Cascading parameter randomisation (Adebayo et al., 2018, "Sanity checks for saliency maps"): the
 * layers get initial weights of another seed, from the last ones down to the first, and the map of
 * the true class is compared with that of the trained model.
 */
export class ParameterRandomisation implements Evaluation<RandomisationScores> {
  #options: { readonly kind: AttributionKind; readonly every: number };
  #layers: readonly string[] = [];
  #scores = new Records();

  /** @param options `every`: only pictures whose position is divisible by it */
  constructor(options: { readonly kind: AttributionKind; readonly every: number }) {
    this.#options = options;
  }

  async add(whole: View): Promise<void> {
    const { kind, every } = this.#options;
    const view = sampleOf(whole, every);
    if (!view) return;
    const { model, options, batch, maps, mapOptions, once } = view;
    const { labels, indices } = batch;
    const wanted = Array.from(labels, (label) => [label]);
    const before = await maps.of(kind, wanted);
    const [old, drawn] = await weightsOf(model, options);
    const layers = cascade(model);
    this.#layers = layers.map(({ name }) => name);
    const rows = Array.from(indices, () => [] as number[]);
    for (const [step, { name }] of layers.entries()) {
      const names = new Set(layers.slice(0, step + 1).flatMap(({ parameters }) => parameters));
      const values = new Map([...drawn].filter(([name]) => names.has(name)));
      const fresh = once(`randomised to ${name}`, () => new BatchMaps(model, batch, mapOptions));
      const after = await withParameters(model, { values, old }, () => fresh.of(kind, wanted));
      for (const [n, label] of labels.entries()) {
        const sizes = (of: typeof before) => of(n, label).values.map(Math.abs);
        rows[n].push(rankCorrelation(sizes(before), sizes(after)));
      }
    }
    for (const [n, index] of indices.entries()) this.#scores.add(index, rows[n]);
  }

  tally(): Json {
    return { layers: this.#layers, scores: this.#scores.tally() };
  }

  merge(tally: Json): void {
    const { layers, scores } = tally as { layers: string[]; scores: Json };
    if (layers.length > 0) this.#layers = layers;
    this.#scores.merge(scores);
  }

  result(): RandomisationScores {
    return {
      layers: this.#layers,
      correlation: this.#scores.means(),
      images: this.#scores.size,
      undefinedIn: namedCounts(this.#layers, this.#scores.undefinedRows()),
    };
  }
}

/** Weights that were read and drawn already, by model. */
const known = new WeakMap<Classifier, ReturnType<typeof readAndDraw>>();

function weightsOf(model: Classifier, options: ModelOptions) {
  const weights = known.get(model) ?? readAndDraw(model, options);
  known.set(model, weights);
  return weights;
}

async function readAndDraw(model: Classifier, options: ModelOptions) {
  const { gpu } = model;
  const other = buildModel(gpu, options, SEED);
  try {
    return [await readParameters(model), await readParameters(other)] as const;
  } finally {
    other.dispose();
  }
}

/** The model's layers from the last to the first, with the names of their parameters. */
export function cascade(model: Classifier): { name: string; parameters: string[] }[] {
  const layers = new Map<string, string[]>();
  for (const { name } of model.parameters()) {
    const [first, second] = name.split(".");
    const layer = /^(conv_last|attention|classifier_[AB]|SPG_(A4|B_.+|C))$/.test(first)
      ? "last layers"
      : first === "features"
      ? `${first}.${second}`
      : first;
    layers.set(layer, [...layers.get(layer) ?? [], name]);
  }
  return [...layers].map(([name, parameters]) => ({ name, parameters })).reverse();
}
