// Gradient of calm_location. With t = ∂L/∂ log h and s = log prior(a):
//
//   ∂L/∂s_z = t_z − h_z · Σ_l t_l,   or t_z where the normaliser is detached (official code)
//   ∂L/∂a_z = ∂L/∂s_z · prior'(a_z) / prior(a_z)
//
// One workgroup for each picture.

override RELU: bool;
override DETACHED: bool;

struct Parameters { locations: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> log_h: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> a_gradient: array<vec4f>;

const SIZE = 64u;
var<workgroup> sums: array<f32, 64>;

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}
fn nan_exp(v: f32) -> f32 {
  return select(exp(v), v, is_nan(v));
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

// d/dv log prior(v): sigmoid(v) / softplus(v), which tends to 1 for very negative v; 1/v for ReLU.
fn slope(v: f32) -> f32 {
  if (is_nan(v)) { return v; }
  if (RELU) { return select(0f, 1 / max(v, 1.2e-38), v > 0); }
  if (v < -15) { return 1; }
  return 1 / ((1 + exp(-v)) * softplus(v));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * p.locations;
  var sum = 0f;
  if (!DETACHED) {
    for (var z = local; z < p.locations; z += SIZE) { sum += gradient[start + z].x; }
    sums[local] = sum;
    workgroupBarrier();
    sum = 0;
    for (var k = 0u; k < SIZE; k++) { sum += sums[k]; }
  }
  for (var z = local; z < p.locations; z += SIZE) {
    let at = start + z;
    let by_s = gradient[at].x - nan_exp(log_h[at].x) * sum;
    a_gradient[at] = vec4f(by_s * slope(a[at].x), 0, 0, 0);
  }
}
