// Gradient of batch normalisation, step 1: partial sums of each channel over stripes of pixels.
//
//   sums[s][c] = Σ g,   products[s][c] = Σ g · (x − mean) · scale
//
// with g = ∂L/∂y, set to zero where a fused ReLU cut the output off. Their totals are the
// gradients of bias and weight.

override RELU: bool;

struct Parameters {
  rows: u32,         // batch · height · width
  pitch: u32,        // vec4s per pixel
  stripes: u32,
  stripe_rows: u32,
  first_stripe: u32,  // where the partial sums begin
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;  // the gradient again without ReLU
@group(0) @binding(3) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(4) var<storage, read> statistics: array<vec4f>;  // mean, then scale
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> products: array<vec4f>;

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
  if (i >= p.stripes * p.pitch) { return; }
  let column = i % p.pitch;
  let stripe = i / p.pitch;
  let mean = statistics[column];
  let scale = statistics[p.pitch + column];
  var sum = vec4f();
  var product = vec4f();
  let first = stripe * p.stripe_rows;
  let end = min(first + p.stripe_rows, p.rows);
  var at = first * p.pitch + column;
  for (var row = first; row < end; row++) {
    var g = gradient[at];
    if (RELU) { g = select(vec4f(), g, (y[at] > vec4f()) | is_nan(y[at])); }
    sum += g;
    product += g * ((x[at] - mean) * scale);
    at += p.pitch;
  }
  let out = p.first_stripe * p.pitch + i;
  sums[out] = sum;
  products[out] = product;
}
