// log p(z|x) (paper §4.1.1): the prior of the location logits a, normalised over the picture.
//
//   h_z = prior(a_z) / Σ_l prior(a_l),   out_z = log h_z = s_z − log Σ_l exp(s_l),  s = log prior(a)
//
// prior is softplus (the paper) or ReLU (the official code, RELU). In log space nothing overflows
// or vanishes: s = a where softplus(a) would underflow. Where every ReLU is zero, h is uniform.
// A location of probability 0 gets the logarithm NEVER, whose exponential is exactly 0.
//
// One workgroup for each picture; a and out are single-channel tensors, so x of every vec4.

override RELU: bool;

struct Parameters { locations: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

const NEVER = -1e4f;
const SIZE = 64u;
var<workgroup> tops: array<f32, 64>;
var<workgroup> sums: array<f32, 64>;

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}
fn nan_exp(v: f32) -> f32 {
  return select(exp(v), v, is_nan(v));
}
fn nan_log(v: f32) -> f32 {
  return select(log(v), v, is_nan(v));
}

// log(1 + t) for t in [0, 1] to the last digits: 2·artanh(t / (2 + t)) as a series. WGSL's own log
// may be off by 2⁻²¹ near 1, which is more than all of log(1 + t) when t is small.
fn log1p(t: f32) -> f32 {
  let s = t / (2 + t);
  let r = s * s;
  return 2 * s * (1 + r * (1f / 3 + r * (1f / 5 + r * (1f / 7 + r * (1f / 9 + r * (1f / 11 + r / 13))))));
}

fn softplus(v: f32) -> f32 {
  return max(v, 0) + log1p(exp(-abs(v)));
}

fn log_prior(v: f32) -> f32 {
  if (is_nan(v)) { return v; }
  if (RELU) { return select(NEVER, log(max(v, 1.2e-38)), v > 0); }
  if (v < -15) { return v; }  // to within exp(v) / 2
  return log(softplus(v));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * p.locations;
  var top = NEVER;
  for (var z = local; z < p.locations; z += SIZE) { top = max(top, log_prior(a[start + z].x)); }
  tops[local] = top;
  workgroupBarrier();
  for (var k = 0u; k < SIZE; k++) { top = max(top, tops[k]); }

  var sum = 0f;
  for (var z = local; z < p.locations; z += SIZE) { sum += nan_exp(log_prior(a[start + z].x) - top); }
  sums[local] = sum;
  workgroupBarrier();
  sum = 0;
  for (var k = 0u; k < SIZE; k++) { sum += sums[k]; }

  let nowhere = top <= NEVER && !is_nan(sum);
  let log_sum = select(top + nan_log(sum), log(f32(p.locations)), nowhere);
  for (var z = local; z < p.locations; z += SIZE) {
    let log_h = select(log_prior(a[start + z].x), 0, nowhere) - log_sum;
    out[start + z] = vec4f(select(max(log_h, NEVER), log_h, is_nan(log_h)), 0, 0, 0);
  }
}
