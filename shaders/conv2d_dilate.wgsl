// Spreads pixels out: out[n][y][x] = source[n][y / stride][x / stride] where the stride divides both
// y and x, and 0 elsewhere. The input gradient of a pointwise convolution with a stride ends so.

struct Parameters {
  height: u32,         // of out
  width: u32,
  source_height: u32,
  source_width: u32,
  pitch: u32,          // vec4s per pixel
  stride: u32,
  vectors: u32,        // of out
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let x = i / p.pitch % p.width;
  let y = i / (p.pitch * p.width) % p.height;
  let n = i / (p.pitch * p.width * p.height);
  var value = vec4f();
  if (x % p.stride == 0 && y % p.stride == 0) {
    let pixel = (n * p.source_height + y / p.stride) * p.source_width + x / p.stride;
    value = source[pixel * p.pitch + i % p.pitch];
  }
  out[i] = value;
}
