// out = x · keep / (1 − rate), keep = 0 with probability `rate` for every element by itself.
//
// Nothing is stored: the bits are a hash of the element's position and a key, so that the backward
// pass, handed the same key, draws the same. The hash is PCG (O'Neill, 2014; Jarzynski and Olano,
// 2020) of the position, with the key's words mixed in before and after.

struct Parameters {
  vectors: u32,
  first: u32,   // position of x[0] in the whole tensor, in vec4s
  key: u32,
  key_2: u32,
  rate: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

fn pcg(v: vec4u) -> vec4u {
  let state = v * 747796405u + 2891336453u;
  let word = ((state >> ((state >> vec4u(28)) + 4)) ^ state) * 277803737u;
  return (word >> vec4u(22)) ^ word;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let position = (p.first + i) * 4 + vec4u(0, 1, 2, 3);
  let bits = pcg(pcg(position ^ vec4u(p.key)) ^ vec4u(p.key_2));
  // 24 bits are a float without rounding.
  let keep = vec4f(bits >> vec4u(8)) >= vec4f(p.rate * 16777216);
  out[i] = select(vec4f(), x[i] / (1 - p.rate), keep);
}
