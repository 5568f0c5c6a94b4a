// Repeats rows: out[o][r][·] = scale · x[o][·] for x of [outer][pitch] and out of
// [outer][rows][pitch]. The gradient of reduce_rows.

struct Parameters {
  outer: u32,
  rows: u32,
  pitch: u32,  // vec4s in a row
  scale: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.outer * p.rows * p.pitch) { return; }
  out[i] = p.scale * x[i / (p.rows * p.pitch) * p.pitch + i % p.pitch];
}
