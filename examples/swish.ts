/**
 * A new operation with its shader: swish(x) = x · σ(x), σ(x) = 1 / (1 + e⁻ˣ), and its derivative
 * σ(x) · (1 + x · (1 − σ(x))).
 *
 *     deno run examples/swish.ts
 */
import { backward, Gpu, Kernel, linear, record, sum, Tensor } from "@calm/webgpu/engine";

// Storage buffers are bindings 1, 2, … in the order in which `run` is handed them; 0 has the numbers.
const SOURCE = /* wgsl */ `
override BACKWARD: u32;

@group(0) @binding(0) var<uniform> vectors: u32;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> upstream: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64 + local;
  if (i >= vectors) { return; }
  let s = 1 / (1 + exp(-x[i]));
  result[i] = select(x[i] * s, upstream[i] * s * (1 + x[i] * (1 - s)), BACKWARD == 1);
}
`;
const forward = new Kernel("swish", SOURCE, { BACKWARD: 0 });
const derivative = new Kernel("swish", SOURCE, { BACKWARD: 1 });

/** x · σ(x). */
export function swish(x: Tensor): Tensor {
  const run = (kernel: Kernel, upstream: Tensor) => {
    const result = Tensor.empty(x.gpu, x.shape);
    x.gpu.run(kernel, {
      buffers: [x.buffer, upstream.buffer, result.buffer],
      // Rows are padded to vectors of four numbers; σ(0) · 0 keeps the padding zero.
      parameters: { vectors: x.vectors },
      workgroups: linear(x.vectors),
    });
    return result;
  };
  // The closure is the gradient: what the operation hands back for each of its inputs.
  return record(run(forward, x), "swish", [x], (upstream) => [run(derivative, upstream)]);
}

if (import.meta.main) {
  const gpu = await Gpu.request();
  const x = Tensor.from(gpu, [-2, 0, 3], [3]).asParameter();
  const y = swish(x);
  console.log("swish      ", [...await y.read()]);
  backward(sum(y));
  console.log("derivative ", [...await x.gradient!.read()]);
  gpu.destroy();
}
