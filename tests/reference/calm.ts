import { array, type Array64, at, build } from "./array.ts";
import type { LocationOptions } from "../../model/calm/location.ts";
import { logSoftmax, logSumExp } from "./operations.ts";

/** The paper's own form of the location distribution. */
export const PAPER_LOCATION: LocationOptions = { prior: "softplus", detachNormaliser: false };

/** log softplus(v) or log max(v, 0), exact for any v. */
export function logPrior(v: number, prior: "softplus" | "relu"): number {
  if (prior === "relu") return v > 0 ? Math.log(v) : -Infinity;
  return v < -30 ? v : Math.log(Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))));
}

/** log p(z|x) of each picture from location logits [n, h, w, 1]. */
export function logLocation(a: Array64, prior: "softplus" | "relu"): Array64 {
  const [batch, height, width] = a.shape;
  const locations = height * width;
  const out = new Float64Array(a.data.length);
  for (let n = 0; n < batch; n++) {
    const s = a.data.slice(n * locations, (n + 1) * locations).map((v) => logPrior(v, prior));
    const total = logSumExp(s);
    s.forEach((v, z) => out[n * locations + z] = v - total);
  }
  return array(a.shape, out);
}

/** log p(y,z|x) from class logits and log p(z|x). */
export function logJoint(f: Array64, logH: Array64): Array64 {
  const logG = logSoftmax(f);
  return build(f.shape, (n, i, j, c) => at(logG, n, i, j, c) + at(logH, n, i, j, 0));
}

/** log p(ŷ,z|x) for a label per picture: [n, h, w, 1]. */
export function labelLogJoint(f: Array64, logH: Array64, labels: readonly number[]): Array64 {
  const joint = logJoint(f, logH);
  return build(logH.shape, (n, i, j) => at(joint, n, i, j, labels[n]));
}

/** −log Σ_z exp(j_z) of each picture: [n, 1]. */
export function marginalLoss(j: Array64): Array64 {
  const locations = j.shape[1] * j.shape[2];
  return build(
    [j.shape[0], 1],
    (n) => -logSumExp(j.data.subarray(n * locations, (n + 1) * locations)),
  );
}

/** −Σ_z q_z · j_z with the posterior q of `target`: [n, 1]. */
export function expectationLoss(j: Array64, target: Array64): Array64 {
  const locations = j.shape[1] * j.shape[2];
  return build([j.shape[0], 1], (n) => {
    const span = (x: Array64) => x.data.subarray(n * locations, (n + 1) * locations);
    const total = logSumExp(span(target));
    return -span(j).reduce((sum, v, z) => sum + Math.exp(span(target)[z] - total) * v, 0);
  });
}
