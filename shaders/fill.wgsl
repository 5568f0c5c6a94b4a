// Sets every element to one value and the padding of the last dimension to zero.

struct Parameters {
  vectors: u32,
  pitch: u32,     // vec4s per row
  channels: u32,
  value: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let channel = vec4u(i % p.pitch * 4) + vec4u(0, 1, 2, 3);
  out[i] = select(vec4f(), vec4f(p.value), channel < vec4u(p.channels));
}
