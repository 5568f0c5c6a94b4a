// From j_z = log p(ŷ,z|x) to the losses and the posterior; one workgroup for each picture.
//
//   log p(ŷ|x) = log Σ_z exp(j_z)
//   posterior:  q_z = p(z|x,ŷ) = exp(j_z − log p(ŷ|x))
//   ML loss (eq. 3–4):  −log p(ŷ|x)
//   EM loss (eq. 5–6):  −Σ_z q'_z · j_z,  q' the posterior under θ'
//
// With EPSILON ε the posterior is p(ŷ,z|x) / (p(ŷ|x) + ε), as in the official code: it fades out where
// the model holds the label for less likely than ε, and with it loss and gradient of the picture.

override EM: bool;
override EPSILON: f32 = 0.0;

struct Parameters { locations: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> j: array<vec4f>;
@group(0) @binding(2) var<storage, read> target_j: array<vec4f>;  // log p'(ŷ,z|x) under θ'
@group(0) @binding(3) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> loss: array<vec4f>;

const SIZE = 64u;
var<workgroup> tops: array<f32, 64>;
var<workgroup> sums: array<f32, 64>;
var<workgroup> losses: array<f32, 64>;

// exp, log and max may make a number of NaN (on one driver exp(NaN) is 1). Here NaN stays NaN, found
// by its bits, for v != v is optimised away.
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}
fn nan_exp(v: f32) -> f32 {
  return select(exp(v), v, is_nan(v));
}
fn nan_log(v: f32) -> f32 {
  return select(log(v), v, is_nan(v));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * p.locations;
  var top = -3.4e38f;
  for (var z = local; z < p.locations; z += SIZE) { top = max(top, target_j[start + z].x); }
  tops[local] = top;
  workgroupBarrier();
  for (var k = 0u; k < SIZE; k++) { top = max(top, tops[k]); }

  var sum = 0f;
  for (var z = local; z < p.locations; z += SIZE) { sum += nan_exp(target_j[start + z].x - top); }
  sums[local] = sum;
  workgroupBarrier();
  sum = 0;
  for (var k = 0u; k < SIZE; k++) { sum += sums[k]; }
  let log_p = top + nan_log(sum);

  var share = 1f;  // what is left of the posterior
  if (EPSILON > 0) { share = 1 / (1 + EPSILON * nan_exp(-log_p)); }

  var expected = 0f;
  for (var z = local; z < p.locations; z += SIZE) {
    let posterior = share * nan_exp(target_j[start + z].x - log_p);
    q[start + z] = vec4f(posterior, 0, 0, 0);
    expected += posterior * j[start + z].x;
  }
  losses[local] = expected;
  workgroupBarrier();
  if (local != 0) { return; }
  if (EM) {
    expected = 0;
    for (var k = 0u; k < SIZE; k++) { expected += losses[k]; }
    loss[group.x] = vec4f(-expected, 0, 0, 0);
  } else {
    loss[group.x] = vec4f(-log_p, 0, 0, 0);
  }
}
