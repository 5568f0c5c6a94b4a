// Sums over the last dimension, or spreads a value over it (its gradient):
//   SPREAD false: out[row] = (Σ_c x[row][c], 0, 0, 0)
//   SPREAD true:  out[row][c] = x[row] for c < channels, 0 in the padding

override SPREAD: bool;

struct Parameters {
  rows: u32,
  channels: u32,
  pitch: u32,  // vec4s from one row of the wide tensor to the next
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
  if (SPREAD) {
    if (i >= p.rows * p.pitch) { return; }
    let channel = (i % p.pitch) * 4 + vec4u(0, 1, 2, 3);
    out[i] = select(vec4f(), vec4f(x[i / p.pitch].x), channel < vec4u(p.channels));
  } else {
    if (i >= p.rows) { return; }
    var sum = vec4f();
    for (var k = 0u; k < p.pitch; k++) { sum += x[i * p.pitch + k]; }
    out[i] = vec4f(sum.x + sum.y + sum.z + sum.w, 0, 0, 0);
  }
}
