// out = operation(x), element by element.

override OPERATION: u32;

struct Parameters {
  vectors: u32,
  channels: u32,  // extent of the last dimension
  pitch: u32,     // vec4s from one row to the next
  scale: f32,     // of the affine operation
  shift: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}
fn nan_exp(v: vec4f) -> vec4f {
  return select(exp(v), v, is_nan(v));
}

// log(1 + t) for t in [0, 1] to the last digits: 2·artanh(t / (2 + t)) as a series. WGSL's own log
// may be off by 2⁻²¹ near 1, which is more than all of log(1 + t) when t is small.
fn log1p(t: vec4f) -> vec4f {
  let s = t / (2 + t);
  let r = s * s;
  return 2 * s * (1 + r * (1f / 3 + r * (1f / 5 + r * (1f / 7 + r * (1f / 9 + r * (1f / 11 + r / 13))))));
}

// log(1 + exp(v)) without overflow.
fn softplus(v: vec4f) -> vec4f {
  return max(v, vec4f()) + log1p(nan_exp(-abs(v)));
}

// 1 / (1 + exp(−v)) without overflow.
fn sigmoid(v: vec4f) -> vec4f {
  let e = nan_exp(-abs(v));
  return select(e, vec4f(1), v >= vec4f()) / (1 + e);
}

fn apply(v: vec4f) -> vec4f {
  if (OPERATION == 0) { return select(max(v, vec4f()), v, is_nan(v)); }
  if (OPERATION == 1) { return nan_exp(v); }
  if (OPERATION == 2) { return select(log(v), v, is_nan(v)); }
  if (OPERATION == 3) { return softplus(v); }
  if (OPERATION == 5) { return sigmoid(v); }
  return p.scale * v + p.shift;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  var result = apply(x[i]);
  if (OPERATION != 0) {
    // exp(0), softplus(0) and shift are not zero, and padding has to stay zero.
    let channel = (i % p.pitch) * 4 + vec4u(0, 1, 2, 3);
    result = select(vec4f(), result, channel < vec4u(p.channels));
  }
  out[i] = result;
}
