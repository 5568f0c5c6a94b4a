// Batch normalisation, inference: the running statistics in the form that batch_norm_apply reads,
// the rows mean and 1 / √(variance + eps).

struct Parameters {
  pitch: u32,  // vec4s per pixel
  eps: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> running_mean: array<vec4f>;
@group(0) @binding(2) var<storage, read> running_variance: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> statistics: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.pitch) { return; }
  statistics[id.x] = running_mean[id.x];
  statistics[p.pitch + id.x] = inverseSqrt(running_variance[id.x] + p.eps);
}
