// p(y|x) = Σ_z p(y|x,z) · p(z|x) without the joint map; one picture and four classes for each
// invocation. `normaliser` is log Σ_c exp(f_cz) of each location.

struct Parameters {
  batch: u32,
  locations: u32,
  channels: u32,  // classes
  pitch: u32,     // vec4s per location
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> f: array<vec4f>;
@group(0) @binding(2) var<storage, read> log_h: array<vec4f>;
@group(0) @binding(3) var<storage, read> normaliser: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

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
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.batch * p.pitch) { return; }
  let quad = i % p.pitch;
  let n = i / p.pitch;
  var sum = vec4f();
  for (var row = n * p.locations; row < (n + 1) * p.locations; row++) {
    sum += nan_exp(f[row * p.pitch + quad] + (log_h[row].x - normaliser[row].x));
  }
  out[i] = select(vec4f(), sum, quad * 4 + vec4u(0, 1, 2, 3) < vec4u(p.channels));
}
