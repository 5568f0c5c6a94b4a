// Adds a batch's loss and hits to the running totals of an epoch, so that the processor need not
// read anything back at every step.
//
//   totals = (Σ loss · batch, correct predictions, pictures, steps),
//            (first step with a bad loss, first step with a bad prediction, Σ −log p(ŷ|x), 0)
//
// A loss is bad when it is NaN or infinite, a prediction when it is no probability: some p(y|x)
// is outside [0, 1], or their sum is not 1. Steps count from 1, 0 means none was. A prediction is
// the first class of the greatest probability. One workgroup in all.

struct Parameters {
  batch: u32,
  channels: u32,  // classes
  pitch: u32,     // vec4s per row of probabilities
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> loss: array<vec4f>;
@group(0) @binding(2) var<storage, read> probabilities: array<vec4f>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> totals: array<vec4f>;

const SIZE = 64u;
const ROUNDING = 0.01f;  // far more than a sum of probabilities may be off by
const EXPONENT = 0x7f800000u;
const LEAST = 1.17549435e-38f;  // the smallest normal number: its logarithm is −87.3
var<workgroup> hits: array<f32, 64>;
var<workgroup> surprises: array<f32, 64>;
var<workgroup> bad_predictions: array<u32, 64>;

// By the bits: n != n is false for NaN on some adapters.
fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & EXPONENT) != EXPONENT;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  var correct = 0f;
  var surprise = 0f;
  var bad_prediction = 0u;
  for (var n = local; n < p.batch; n += SIZE) {
    var best = 0u;
    var top = -1f;
    var sum = 0f;
    var probable = true;
    for (var c = 0u; c < p.channels; c++) {
      let value = probabilities[n * p.pitch + c / 4][c % 4];
      if (value > top) { top = value; best = c; }
      probable = probable && is_finite(value) && value >= 0;
      sum += value;
    }
    let label = labels[n];
    if (best == label) { correct += 1; }
    surprise -= log(max(probabilities[n * p.pitch + label / 4][label % 4], LEAST));
    if (!probable || !is_finite(sum) || abs(sum - 1) > ROUNDING) { bad_prediction = 1; }
  }
  hits[local] = correct;
  surprises[local] = surprise;
  bad_predictions[local] = bad_prediction;
  workgroupBarrier();
  if (local != 0) { return; }
  correct = 0;
  surprise = 0;
  for (var k = 0u; k < SIZE; k++) {
    correct += hits[k];
    surprise += surprises[k];
    bad_prediction |= bad_predictions[k];
  }
  let value = loss[0].x;
  let step = totals[0].w + 1;
  if (!is_finite(value) && totals[1].x == 0) { totals[1].x = step; }
  if (bad_prediction != 0 && totals[1].y == 0) { totals[1].y = step; }
  totals[1].z += surprise;
  totals[0] += vec4f(value * f32(p.batch), correct, f32(p.batch), 1);
}
