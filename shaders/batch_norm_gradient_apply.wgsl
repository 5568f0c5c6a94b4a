// Gradient of batch normalisation, step 2:
//
//   TRAINING:  ∂L/∂x = weight · scale · (g − (Σ g + x̂ · Σ g·x̂) / rows),  x̂ = (x − mean) · scale
//   inference: ∂L/∂x = weight · scale · g
//
// with g = ∂L/∂y, set to zero where a fused ReLU cut the output off.

override TRAINING: bool;
override RELU: bool;

struct Parameters {
  vectors: u32,
  pitch: u32,  // vec4s per pixel
  rows: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;  // the gradient again without ReLU
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;  // mean, then scale
@group(0) @binding(5) var<storage, read> weight: array<vec4f>;
@group(0) @binding(6) var<storage, read> sum: array<vec4f>;      // Σ g
@group(0) @binding(7) var<storage, read> product: array<vec4f>;  // Σ g·x̂
@group(0) @binding(8) var<storage, read_write> x_gradient: array<vec4f>;

// NaN, by its bits, for v != v is optimised away: ReLU passes it on, and so do gradients through it.
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
  let scale = statistics[p.pitch + column];
  var g = gradient[i];
  if (RELU) { g = select(vec4f(), g, (y[i] > vec4f()) | is_nan(y[i])); }
  if (TRAINING) {
    let normalised = (x[i] - statistics[column]) * scale;
    g -= (sum[column] + normalised * product[column]) / p.rows;
  }
  x_gradient[i] = weight[column] * scale * g;
}
