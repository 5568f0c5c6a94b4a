// Sums runs of rows: x is [outer][rows][pitch], out is [outer][stripes][pitch], and stripe s of
// out is scale · (the sum of rows s·length … min((s+1)·length, rows) − 1 of x).
// The order of the additions is fixed, so the result does not vary from run to run.

struct Parameters {
  outer: u32,
  rows: u32,
  pitch: u32,    // vec4s from one row to the next
  stripes: u32,
  length: u32,   // rows per stripe
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
  if (i >= p.outer * p.stripes * p.pitch) { return; }
  let column = i % p.pitch;
  let stripe = (i / p.pitch) % p.stripes;
  let outer = i / (p.pitch * p.stripes);
  let first = stripe * p.length;
  let end = min(first + p.length, p.rows);
  var sum = vec4f();
  var at = (outer * p.rows + first) * p.pitch + column;
  for (var row = first; row < end; row++) {
    sum += x[at];
    at += p.pitch;
  }
  out[i] = p.scale * sum;
}
