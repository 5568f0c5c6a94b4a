// Picks one element of each row, or puts a gradient there (GRADIENT):
//
//   GRADIENT false: out[row] = (x[row][label], 0, 0, 0)
//   GRADIENT true:  out[row][c] = x[row] where c = label, 0 elsewhere
//
// All rows of a picture, its locations, have its label.

override GRADIENT: bool;

struct Parameters {
  rows: u32,
  pitch: u32,      // vec4s in a row of the wide tensor
  locations: u32,  // rows of a picture
  first: u32,      // the batch's picture that x begins with
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (GRADIENT) {
    if (i >= p.rows * p.pitch) { return; }
    let row = i / p.pitch;
    let channel = (i % p.pitch) * 4 + vec4u(0, 1, 2, 3);
    out[i] = select(vec4f(), vec4f(x[row].x), channel == vec4u(labels[p.first + row / p.locations]));
  } else {
    if (i >= p.rows) { return; }
    let label = labels[p.first + i / p.locations];
    out[i] = vec4f(x[i * p.pitch + label / 4][label % 4], 0, 0, 0);
  }
}
