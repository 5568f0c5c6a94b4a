// Batch normalisation, training, step 2: mean and variance of each channel from the partial sums,
// and the running statistics of inference:
//
//   running = (1 − momentum) · running + momentum · (batch mean | unbiased batch variance)
//
// Leaves in `statistics` the rows mean and 1 / √(variance + eps), the variance being the biased one.

struct Parameters {
  rows: u32,
  pitch: u32,     // vec4s per pixel
  stripes: u32,
  momentum: f32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> shifts: array<vec4f>;  // the first picture of the batch
@group(0) @binding(2) var<storage, read> partial: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> statistics: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> running_mean: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> running_variance: array<vec4f>;

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= p.pitch) { return; }
  var sum = vec4f();
  var squares = vec4f();
  for (var s = 0u; s < p.stripes; s++) {
    sum += partial[s * 2 * p.pitch + column];
    squares += partial[(s * 2 + 1) * p.pitch + column];
  }
  let n = f32(p.rows);
  let mean = sum / n;
  let difference = squares / n - mean * mean;
  let variance = select(max(difference, vec4f()), difference, is_nan(difference));
  let unbiased = variance * (n / max(n - 1, 1));
  statistics[column] = shifts[column] + mean;
  statistics[p.pitch + column] = inverseSqrt(variance + p.eps);
  running_mean[column] = mix(running_mean[column], shifts[column] + mean, p.momentum);
  running_variance[column] = mix(running_variance[column], unbiased, p.momentum);
}
