// Gradient of the mean binary cross-entropy of pixel_loss.wgsl by its logits x:
//
//   out = ∂L/∂loss · share · (1 / (1 + exp(−x)) − t),   0 where the label t is negative

struct Parameters { pixels: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> labels: array<vec4f>;
@group(0) @binding(3) var<storage, read> share: array<vec4f>;
@group(0) @binding(4) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= p.pixels) { return; }
  let x = logits[i].x;
  let label = labels[i].x;
  let e = exp(-abs(x));
  let probability = select(e, 1f, x >= 0) / (1 + e);
  let slope = gradient[0].x * share[0].x * (probability - label);
  out[i] = vec4f(select(0f, slope, label >= 0), 0, 0, 0);
}
