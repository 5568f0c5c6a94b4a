// Softmax or log-softmax over the last dimension; one row for each invocation.
//
//   LOGARITHM false: y_c = exp(x_c − m) / Σ exp(x − m),   true: y_c = x_c − m − log Σ exp(x − m)
//
// with m the largest x of the row, so that no exponential overflows.

override LOGARITHM: bool;

struct Parameters {
  rows: u32,
  channels: u32,
  pitch: u32,  // vec4s from one row to the next
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// Padding lanes take no part: they hold the value given here.
fn lanes(v: vec4f, quad: u32, padding: f32) -> vec4f {
  return select(vec4f(padding), v, quad * 4 + vec4u(0, 1, 2, 3) < vec4u(p.channels));
}

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
fn nan_exp(v: vec4f) -> vec4f {
  return select(exp(v), v, is_nan(v));
}
fn nan_log(v: f32) -> f32 {
  return select(log(v), v, (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u);
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
  var top = vec4f(-3.4e38);
  for (var k = 0u; k < p.pitch; k++) { top = max(top, lanes(x[start + k], k, -3.4e38)); }
  let m = max(max(top.x, top.y), max(top.z, top.w));
  var sums = vec4f();
  for (var k = 0u; k < p.pitch; k++) { sums += lanes(nan_exp(x[start + k] - m), k, 0); }
  let sum = sums.x + sums.y + sums.z + sums.w;
  let log_sum = nan_log(sum);
  for (var k = 0u; k < p.pitch; k++) {
    let shifted = x[start + k] - m;
    var result: vec4f;
    if (LOGARITHM) { result = shifted - log_sum; } else { result = nan_exp(shifted) / sum; }
    y[start + k] = lanes(result, k, 0);
  }
}
