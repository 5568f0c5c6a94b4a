// Stochastic gradient descent with momentum and weight decay, PyTorch's update rule:
//
//   d = gradient + decay · w;   v = momentum · v + d;   w = w − rate · (d + momentum · v  or  v)
//
// with the first form for Nesterov's momentum.

struct Parameters {
  vectors: u32,
  nesterov: u32,
  rate: f32,
  momentum: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> velocity: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> weight: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.vectors) { return; }
  let w = weight[i];
  let d = gradient[i] + p.decay * w;
  let v = p.momentum * velocity[i] + d;
  velocity[i] = v;
  weight[i] = w - p.rate * select(v, d + p.momentum * v, p.nesterov != 0);
}
