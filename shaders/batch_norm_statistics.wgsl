// Batch normalisation, training, step 1: partial sums of each channel over stripes of pixels.
//
//   partial[s][0][c] = Σ (x − k[c]),   partial[s][1][c] = Σ (x − k[c])²
//
// with k the first pixel of the tensor: sums of values near zero keep their digits where sums of
// squares of raw values would cancel (Chan, Golub and LeVeque, 1983, "shifted data").

struct Parameters {
  rows: u32,         // batch · height · width
  pitch: u32,        // vec4s per pixel
  stripes: u32,
  stripe_rows: u32,
  first_stripe: u32,  // where the partial sums begin
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> shifts: array<vec4f>;  // the first picture of the batch
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;

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
  let shift = shifts[column];
  var sum = vec4f();
  var squares = vec4f();
  let first = stripe * p.stripe_rows;
  let end = min(first + p.stripe_rows, p.rows);
  var at = first * p.pitch + column;
  for (var row = first; row < end; row++) {
    let v = x[at] - shift;
    sum += v;
    squares += v * v;
    at += p.pitch;
  }
  let out = (p.first_stripe + stripe) * 2 * p.pitch + column;
  partial[out] = sum;
  partial[out + p.pitch] = squares;
}
