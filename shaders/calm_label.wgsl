// log p(ŷ,z|x) = log p(ŷ|x,z) + log p(z|x) for the label ŷ of each picture (the terms of paper
// eq. 3–6), or its gradient (GRADIENT); one location for each invocation.
//
//   forward:   out_z = f_ŷz − log Σ_c exp(f_cz) + log h_z
//   gradient:  with t = ∂L/∂out:  ∂L/∂f_yz = t_z · ([y = ŷ] − p(y|x,z));  ∂L/∂ log h is t itself

override GRADIENT: bool;

struct Parameters {
  rows: u32,       // batch · locations
  channels: u32,   // classes
  pitch: u32,      // vec4s per location
  locations: u32,
  first: u32,      // the batch's picture that f begins with
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> f: array<vec4f>;
@group(0) @binding(2) var<storage, read> row_input: array<vec4f>;  // log h, or ∂L/∂out
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;  // out, or ∂L/∂f

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
  let label = labels[p.first + row / p.locations];
  let start = row * p.pitch;
  var top = vec4f(-3.4e38);
  for (var k = 0u; k < p.pitch; k++) { top = max(top, lanes(f[start + k], k, -3.4e38)); }
  let m = max(max(top.x, top.y), max(top.z, top.w));
  var sums = vec4f();
  for (var k = 0u; k < p.pitch; k++) { sums += lanes(nan_exp(f[start + k] - m), k, 0); }
  let sum = sums.x + sums.y + sums.z + sums.w;
  if (GRADIENT) {
    let t = row_input[row].x;
    for (var k = 0u; k < p.pitch; k++) {
      let hit = select(vec4f(), vec4f(t), k * 4 + vec4u(0, 1, 2, 3) == vec4u(label));
      out[start + k] = lanes(hit - nan_exp(f[start + k] - m) * (t / sum), k, 0);
    }
  } else {
    let of_label = f[start + label / 4][label % 4];
    out[row] = vec4f(of_label - m - nan_log(sum) + row_input[row].x, 0, 0, 0);
  }
}
