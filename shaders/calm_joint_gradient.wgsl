// Gradient of calm_joint. With j the joint, G = ∂L/∂j and t_z = Σ_y G_yz · j_yz:
//
//   ∂L/∂f_yz = G_yz · j_yz − p(y|x,z) · t_z,   ∂L/∂ log h_z = t_z,   p(y|x,z) = j_yz / h_z
//
// p(y|x,z) is not read from j, for j underflows where h does, but computed from f again.

struct Parameters {
  rows: u32,      // batch · locations
  channels: u32,  // classes
  pitch: u32,     // vec4s per location
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> f: array<vec4f>;
@group(0) @binding(2) var<storage, read> joint: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> f_gradient: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> log_h_gradient: array<vec4f>;

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
  var totals = vec4f();
  for (var k = 0u; k < p.pitch; k++) {
    top = max(top, lanes(f[start + k], k, -3.4e38));
    totals += gradient[start + k] * joint[start + k];
  }
  let m = max(max(top.x, top.y), max(top.z, top.w));
  let t = totals.x + totals.y + totals.z + totals.w;
  var sums = vec4f();
  for (var k = 0u; k < p.pitch; k++) { sums += lanes(nan_exp(f[start + k] - m), k, 0); }
  let share = t / (sums.x + sums.y + sums.z + sums.w);
  for (var k = 0u; k < p.pitch; k++) {
    let by_f = gradient[start + k] * joint[start + k] - nan_exp(f[start + k] - m) * share;
    f_gradient[start + k] = lanes(by_f, k, 0);
  }
  log_h_gradient[row] = vec4f(t, 0, 0, 0);
}
