// Maximum over windows, with the place of each maximum for the gradient.
//
//   y[n][i][j][c] = max x[n][i·stride + u − pad][j·stride + v − pad][c],  place = its h · in_width + w
//
// Padding never wins. The first of equal values in reading order does, as in PyTorch, and so does
// any NaN.

struct Parameters {
  in_height: u32,
  in_width: u32,
  height: u32,
  width: u32,
  pitch: u32,    // vec4s per pixel
  vectors: u32,  // of y
  kernel: u32,
  stride: u32,
  padding: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> place: array<vec4u>;

// NaN by its bits: the comparison n != n is optimised away on some drivers.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let column = i % p.pitch;
  let out_x = i / p.pitch % p.width;
  let out_y = i / (p.pitch * p.width) % p.height;
  let n = i / (p.pitch * p.width * p.height);

  let top = max(out_y * p.stride, p.padding) - p.padding;
  let left = max(out_x * p.stride, p.padding) - p.padding;
  let bottom = min(out_y * p.stride + p.kernel - min(p.padding, out_y * p.stride + p.kernel), p.in_height);
  let right = min(out_x * p.stride + p.kernel - min(p.padding, out_x * p.stride + p.kernel), p.in_width);

  var best = vec4f();
  var best_place = vec4u();
  var first = true;
  for (var h = top; h < bottom; h++) {
    for (var w = left; w < right; w++) {
      let v = x[((n * p.in_height + h) * p.in_width + w) * p.pitch + column];
      let better = vec4<bool>(first) | (v > best) | is_nan(v);
      best = select(best, v, better);
      best_place = select(best_place, vec4u(h * p.in_width + w), better);
      first = false;
    }
  }
  y[i] = best;
  place[i] = best_place;
}
