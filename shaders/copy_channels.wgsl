// Copies a run of channels from each row of one tensor to each row of another:
//
//   out[row][destination + c] = x[row][source + c]  for c < count
//
// Concatenation writes its inputs side by side with it; its gradient cuts them out again. The
// invocations of the last run also write zeros to the padding behind it.

struct Parameters {
  rows: u32,
  count: u32,      // channels to copy
  source: u32,     // first channel to read
  destination: u32,  // first channel to write
  pitch: u32,      // floats from one row of x to the next
  out_pitch: u32,  // floats from one row of out to the next
  padding: u32,    // zeros to write behind the copied channels
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  let width = p.count + p.padding;
  if (i >= p.rows * width) { return; }
  let row = i / width;
  let c = i % width;
  var value = 0f;
  if (c < p.count) { value = x[row * p.pitch + p.source + c]; }
  out[row * p.out_pitch + p.destination + c] = value;
}
