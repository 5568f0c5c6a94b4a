// Mean over windows, or its gradient (GRADIENT). Each output of either is one invocation.
//
// The divisor of a window counts the pixels inside the picture, or with count_padding those inside
// the padded picture (a window of ceil mode may reach beyond both), as in PyTorch.

override GRADIENT: bool;

struct Parameters {
  in_height: u32,
  in_width: u32,
  height: u32,
  width: u32,
  pitch: u32,    // vec4s per pixel
  vectors: u32,  // of what is written
  kernel: u32,
  stride: u32,
  padding: u32,
  count_padding: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;  // x, or ∂L/∂y
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;  // y, or ∂L/∂x

// Start, end (inside the picture) and length for the divisor of window i along one axis.
fn window(i: u32, extent: u32) -> vec3u {
  let start = i * p.stride;  // in the padded picture
  let padded_end = min(start + p.kernel, extent + 2 * p.padding);
  let first = max(start, p.padding) - p.padding;
  let end = min(max(padded_end, p.padding) - p.padding, extent);
  return vec3u(first, end, select(end - first, padded_end - start, p.count_padding != 0));
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
  var sum = vec4f();
  if (GRADIENT) {
    let w = i / p.pitch % p.in_width;
    let h = i / (p.pitch * p.in_width) % p.in_height;
    let n = i / (p.pitch * p.in_width * p.in_height);
    let y_first = (max(h + p.padding + 1, p.kernel) - p.kernel + p.stride - 1) / p.stride;
    let x_first = (max(w + p.padding + 1, p.kernel) - p.kernel + p.stride - 1) / p.stride;
    let y_end = min((h + p.padding) / p.stride + 1, p.height);
    let x_end = min((w + p.padding) / p.stride + 1, p.width);
    for (var out_y = y_first; out_y < y_end; out_y++) {
      for (var out_x = x_first; out_x < x_end; out_x++) {
        let count = window(out_y, p.in_height).z * window(out_x, p.in_width).z;
        sum += source[((n * p.height + out_y) * p.width + out_x) * p.pitch + column] / f32(count);
      }
    }
  } else {
    let rows = window(i / (p.pitch * p.width) % p.height, p.in_height);
    let columns = window(i / p.pitch % p.width, p.in_width);
    let n = i / (p.pitch * p.width * p.height);
    for (var h = rows.x; h < rows.y; h++) {
      for (var w = columns.x; w < columns.y; w++) {
        sum += source[((n * p.in_height + h) * p.in_width + w) * p.pitch + column];
      }
    }
    sum /= f32(rows.z * columns.z);
  }
  out[i] = sum;
}
