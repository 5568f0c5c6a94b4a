import type { Batch } from "../../../data/loader.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { type Classifier, uploadPictures } from "../../../model/classifier.ts";
import { UserError } from "../../../engine/errors.ts";
import { hasPointwiseHead } from "../../../model/methods.ts";

/** What each cell of a feature map is worth to p(y|x). */
export interface CellEffects {
  readonly width: number;
  readonly height: number;
  /** p(y|x) from these numbers, in float64. */
  readonly probability: number;
  /** p(y|x) − p(y|x with the cell replaced by the mean cell), row by row. */
  readonly effects: Float64Array;
}

/**
 * Replaces every cell of the backbone's feature map, one after the other, by the mean of all of them
 * and classifies anew. The last layers are 1×1 convolutions, so one pass over the cells and their
 * mean has all that the replaced maps are made of.
 *
 * @param labels the class y of each picture
 * @throws {UserError} for a model of ACoL, whose last layers look at the neighbours of a cell
 */
export async function cellEffects(
  model: Classifier,
  { images, size }: Pick<Batch, "images" | "size">,
  labels: ArrayLike<number>,
): Promise<CellEffects[]> {
  const { gpu, method } = model;
  if (!hasPointwiseHead(method)) {
    throw new UserError(
      `Axioms are for models whose last layers look at one cell at a time, which those of ` +
        `${method} do not`,
    );
  }
  const u = model.inference(() => model.features(uploadPictures(gpu, { images, size })));
  const [, height, width, channels] = u.shape;
  const features = await u.read();
  u.dispose();
  const cells = height * width;
  const extended = withMeanCell(features, size, channels);
  const { f, logH } = model.inference(() =>
    model.head(Tensor.from(gpu, extended, [size, 1, cells + 1, channels]))
  );
  const [logits, logLocations] = await Promise.all([f.read(), logH?.read()]);
  const classes = f.channels;
  f.dispose();
  logH?.dispose();
  return Array.from({ length: size }, (_, n) => {
    const of = (z: number) => {
      const from = (n * (cells + 1) + z) * classes;
      return Float64Array.from(logits.subarray(from, from + classes));
    };
    const location = logLocations
      ? Float64Array.from(
        logLocations.subarray(n * (cells + 1), (n + 1) * (cells + 1)),
        (log) => Math.exp(log),
      )
      : null;
    const perCell = Array.from({ length: cells + 1 }, (_, z) => of(z));
    const classify = location
      ? calmProbabilities(perCell, location, labels[n])
      : camProbabilities(perCell, labels[n]);
    const probability = classify(cells);
    const effects = Float64Array.from({ length: cells }, (_, z) => probability - classify(z));
    return { width, height, probability, effects };
  });
}

/** The cells of each picture and behind them their mean. */
function withMeanCell(features: Float32Array, size: number, channels: number): Float32Array {
  const each = features.length / size;
  const out = new Float32Array(features.length + size * channels);
  for (let n = 0; n < size; n++) {
    const own = features.subarray(n * each, (n + 1) * each);
    const mean = new Float64Array(channels);
    own.forEach((value, i) => mean[i % channels] += value * channels / each);
    out.set(own, n * (each + channels));
    out.set(mean, n * (each + channels) + each);
  }
  return out;
}

/** p(y|x) from all cells but the one at a position. */
type WithoutCell = (left: number) => number;

/** CAM: softmax of the mean logits (eq. 1). */
function camProbabilities(logits: readonly Float64Array[], label: number): WithoutCell {
  const sums = logits[0].map((_, y) => logits.reduce((sum, own) => sum + own[y], 0));
  const cells = logits.length - 1;
  return (left) => softmax(sums.map((sum, y) => (sum - logits[left][y]) / cells))[label];
}

/** CALM: Σ_z p(y|x,z) p(z|x), the locations normalised over the cells that are there (§4.1.1). */
function calmProbabilities(
  logits: readonly Float64Array[],
  location: Float64Array,
  label: number,
): WithoutCell {
  const conditional = logits.map((own) => softmax(own)[label]);
  const joint = conditional.map((own, z) => own * location[z]);
  return (left) => {
    // Summed up anew: a cell may hold nearly all of the location's mass.
    const others = (values: ArrayLike<number>) => {
      let sum = 0;
      for (let z = 0; z < values.length; z++) if (z !== left) sum += values[z];
      return sum;
    };
    const mass = others(location);
    // A prior that is zero everywhere is taken to be uniform, as by the model itself.
    return mass > 0 ? others(joint) / mass : others(conditional) / (location.length - 1);
  };
}

function softmax(logits: Float64Array): Float64Array {
  const top = logits.reduce((a, b) => Math.max(a, b));
  const exps = logits.map((value) => Math.exp(value - top));
  const total = exps.reduce((a, b) => a + b);
  return exps.map((value) => value / total);
}
