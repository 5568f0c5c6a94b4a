// Gradient of max_pool: each input pixel collects ∂L/∂y of the windows whose maximum it was.
// It looks at all windows that contain it, so no two invocations write to one place.

struct Parameters {
  in_height: u32,
  in_width: u32,
  height: u32,
  width: u32,
  pitch: u32,    // vec4s per pixel
  vectors: u32,  // of x
  kernel: u32,
  stride: u32,
  padding: u32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read> place: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> x_gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let column = i % p.pitch;
  let w = i / p.pitch % p.in_width;
  let h = i / (p.pitch * p.in_width) % p.in_height;
  let n = i / (p.pitch * p.in_width * p.in_height);

  // Windows out_y with out_y·stride ≤ h + padding < out_y·stride + kernel; likewise out_x.
  let y_first = (max(h + p.padding + 1, p.kernel) - p.kernel + p.stride - 1) / p.stride;
  let x_first = (max(w + p.padding + 1, p.kernel) - p.kernel + p.stride - 1) / p.stride;
  let y_end = min((h + p.padding) / p.stride + 1, p.height);
  let x_end = min((w + p.padding) / p.stride + 1, p.width);
  var sum = vec4f();
  for (var out_y = y_first; out_y < y_end; out_y++) {
    for (var out_x = x_first; out_x < x_end; out_x++) {
      let at = ((n * p.height + out_y) * p.width + out_x) * p.pitch + column;
      sum += select(vec4f(), gradient[at], place[at] == vec4u(h * p.in_width + w));
    }
  }
  x_gradient[i] = sum;
}
