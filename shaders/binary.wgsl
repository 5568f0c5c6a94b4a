// out = operation(a, b), element by element, on tensors of one shape.
//
// OPERATION 0 … 3 are arithmetic; 4 … 7 are gradients of unary operations, with `a` what the
// operation read or wrote and `b` the upstream gradient.

override OPERATION: u32;

struct Parameters {
  vectors: u32,
  channels: u32,  // extent of the last dimension
  pitch: u32,     // vec4s from one row to the next
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

// NaN, by its bits, for v != v is optimised away: ReLU passes it on, and so do gradients through it.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

fn apply(x: vec4f, y: vec4f) -> vec4f {
  if (OPERATION == 0) { return x + y; }
  if (OPERATION == 1) { return x - y; }
  if (OPERATION == 2) { return x * y; }
  if (OPERATION == 3) { return x / y; }
  if (OPERATION == 4) { return select(vec4f(), y, (x > vec4f()) | is_nan(x)); }  // relu: a = its output
  if (OPERATION == 5) { return y / (1 + select(exp(-x), x, is_nan(x))); }  // softplus: a = its input
  if (OPERATION == 6) { return y / x; }                            // log: a = its input
  return y * x * (1 - x);                                          // sigmoid: a = its output
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  var result = apply(a[i], b[i]);
  if (OPERATION == 3 || OPERATION == 6) {
    // 0 / 0 in the padding would be NaN, and padding has to stay zero.
    let channel = (i % p.pitch) * 4 + vec4u(0, 1, 2, 3);
    result = select(vec4f(), result, channel < vec4u(p.channels));
  }
  out[i] = result;
}
