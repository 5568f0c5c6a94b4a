// Adds a batch's loss and hits to the running totals of an epoch, so that the processor need not
// read anything back at every step.
//
//   totals = (Σ loss · batch, correct predictions, pictures, steps), (first bad step, 0, 0, 0)
//
// A step is bad when its loss is NaN or infinite; steps count from 1, 0 means none was. A
// prediction is the first class of the greatest probability. One workgroup in all.

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
var<workgroup> hits: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  var correct = 0f;
  for (var n = local; n < p.batch; n += SIZE) {
    var best = 0u;
    var top = -1f;
    for (var c = 0u; c < p.channels; c++) {
      let value = probabilities[n * p.pitch + c / 4][c % 4];
      if (value > top) { top = value; best = c; }
    }
    if (best == labels[n]) { correct += 1; }
  }
  hits[local] = correct;
  workgroupBarrier();
  if (local != 0) { return; }
  correct = 0;
  for (var k = 0u; k < SIZE; k++) { correct += hits[k]; }
  let value = loss[0].x;
  let step = totals[0].w + 1;
  // By the bits: n != n is false for NaN on some adapters.
  let bad = (bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u;
  if (bad && totals[1].x == 0) { totals[1] = vec4f(step, 0, 0, 0); }
  totals[0] += vec4f(value * f32(p.batch), correct, f32(p.batch), 1);
}
