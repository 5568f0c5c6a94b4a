// From the sums of pixel_loss.wgsl to the mean over the pixels of the batch that count, and the share
// of each of them in it; both are 0 where none counts. One invocation.

struct Parameters { batch: u32 }

@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> sums: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> loss: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> share: array<vec4f>;

@compute @workgroup_size(1)
fn main() {
  var total = vec2f();
  for (var n = 0u; n < p.batch; n++) { total += sums[n].xy; }
  let one = select(0f, 1 / total.y, total.y > 0);
  loss[0] = vec4f(total.x * one, 0, 0, 0);
  share[0] = vec4f(one, 0, 0, 0);
}
