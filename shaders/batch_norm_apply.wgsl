// Batch normalisation, last step:
//
//   y = [relu]( (x − mean) · scale · weight + bias [+ residual] )
//
// with mean and scale = 1 / √(variance + eps) from batch_norm_finish or batch_norm_inference.

override RELU: bool;
override RESIDUAL: bool;

struct Parameters {
  vectors: u32,
  pitch: u32,  // vec4s per pixel
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> residual: array<vec4f>;  // x again where there is none
@group(0) @binding(3) var<storage, read> statistics: array<vec4f>;  // mean, then scale
@group(0) @binding(4) var<storage, read> weight: array<vec4f>;
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;

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
  let scale = statistics[p.pitch + column] * weight[column];
  var value = (x[i] - statistics[column]) * scale + bias[column];
  if (RESIDUAL) { value += residual[i]; }
  if (RELU) { value = select(max(value, vec4f()), value, is_nan(value)); }
  y[i] = value;
}
