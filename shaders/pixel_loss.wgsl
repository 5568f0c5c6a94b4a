// Binary cross-entropy with logits x against labels of pixels, summed over each picture, where the
// label t is 0 or 1; pixels with a negative label are left out.
//
//   out[picture] = (Σ log(1 + exp(x)) − t · x,  number of pixels that count)
//
// One workgroup for each picture; x and t are single-channel tensors, so x of every vec4.

struct Parameters { pixels: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> labels: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

const SIZE = 64u;
var<workgroup> sums: array<vec2f, 64>;

// exp and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found by its
// bits, for v != v is optimised away.
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

// log(1 + t) for t in [0, 1] to the last digits: 2·artanh(t / (2 + t)) as a series. WGSL's own log
// may be off by 2⁻²¹ near 1, which is more than all of log(1 + t) when t is small.
fn log1p(t: f32) -> f32 {
  let s = t / (2 + t);
  let r = s * s;
  return 2 * s * (1 + r * (1f / 3 + r * (1f / 5 + r * (1f / 7 + r * (1f / 9 + r * (1f / 11 + r / 13))))));
}

fn softplus(v: f32) -> f32 {
  return select(max(v, 0) + log1p(exp(-abs(v))), v, is_nan(v));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * p.pixels;
  var sum = vec2f();
  for (var i = local; i < p.pixels; i += SIZE) {
    let x = logits[start + i].x;
    let label = labels[start + i].x;
    if (label >= 0) { sum += vec2f(softplus(x) - label * x, 1); }
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local != 0) { return; }
  sum = vec2f();
  for (var k = 0u; k < SIZE; k++) { sum += sums[k]; }
  out[group.x] = vec4f(sum, 0, 0);
}
