// Gradient of softmax and log-softmax over the last dimension; one row for each invocation.
//
//   softmax:      ∂L/∂x_c = y_c · (g_c − Σ g·y)
//   log-softmax:  ∂L/∂x_c = g_c − exp(y_c) · Σ g

override LOGARITHM: bool;

struct Parameters {
  rows: u32,
  channels: u32,
  pitch: u32,  // vec4s from one row to the next
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> x_gradient: array<vec4f>;

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
fn nan_exp(v: vec4f) -> vec4f {
  return select(exp(v), v, is_nan(v));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = (group.y * groups.x + group.x) * 64 + local;
  if (row >= p.rows) { return; }
  let start = row * p.pitch;
  var sums = vec4f();
  for (var k = 0u; k < p.pitch; k++) {
    // The gradient's padding is zero, so padding lanes add nothing to either sum.
    if (LOGARITHM) { sums += gradient[start + k]; } else { sums += gradient[start + k] * y[start + k]; }
  }
  let sum = sums.x + sums.y + sums.z + sums.w;
  for (var k = 0u; k < p.pitch; k++) {
    let g = gradient[start + k];
    let v = y[start + k];
    var result: vec4f;
    if (LOGARITHM) { result = g - nan_exp(v) * sum; } else { result = v * (g - sum); }
    let channel = k * 4 + vec4u(0, 1, 2, 3);
    x_gradient[start + k] = select(vec4f(), result, channel < vec4u(p.channels));
  }
}
