// out[row] = Σ_c a[row][c] · b[row][c]: the gradient of a factor that a whole row is multiplied by.

struct Parameters {
  rows: u32,
  pitch: u32,  // vec4s of a row
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = (group.y * groups.x + group.x) * 64 + local;
  if (row >= p.rows) { return; }
  var sums = vec4f();
  for (var k = row * p.pitch; k < (row + 1) * p.pitch; k++) { sums += a[k] * b[k]; }
  out[row] = vec4f(sums.x + sums.y + sums.z + sums.w, 0, 0, 0);
}
