import { Kernel, linear } from "./kernel.ts";
import { addInto } from "./slices.ts";
import { type GraphNode, Tensor } from "./tensor.ts";
import fillSource from "../shaders/fill.wgsl" with { type: "text" };

const fillKernel = new Kernel("fill", fillSource);

/**
 * Remembers how `output` was computed. Every differentiable operation ends with this call; where
 * no input is tracked, or inside `Gpu.withoutGradients`, it leaves `output` as it is.
 */
export function record(
  output: Tensor,
  operation: string,
  inputs: readonly Tensor[],
  backward: GraphNode["backward"],
): Tensor {
  if (output.gpu.recordsGradients && inputs.some((input) => input.tracked)) {
    output.node = { operation, inputs, backward };
  }
  return output;
}

/**
 * Reverse-mode differentiation: adds ∂root/∂p to `p.gradient` of every parameter `p` that `root`
 * depends on, and disposes of every intermediate result as soon as nothing needs it any more.
 *
 * @param root the loss, or any tensor together with its upstream gradient
 * @param upstream ∂L/∂root; ones by default. Disposed of.
 */
export function backward(root: Tensor, upstream?: Tensor): void {
  const gradients = new Map<Tensor, Tensor>();
  gradients.set(root, upstream ?? ones(root));
  for (const tensor of topological(root).reverse()) {
    const gradient = gradients.get(tensor);
    if (!gradient) continue;
    gradients.delete(tensor);
    if (tensor.requiresGradient) {
      const sum = tensor.gradient ? accumulate(tensor.gradient, gradient) : gradient;
      tensor.gradient = sum.keep();
    }
    const { node } = tensor;
    if (!node) continue;
    const contributions = node.backward(gradient);
    for (const [i, input] of node.inputs.entries()) {
      const contribution = contributions[i];
      if (!contribution) continue;
      if (!input.tracked) {
        contribution.dispose();
        continue;
      }
      const before = gradients.get(input);
      gradients.set(input, before ? accumulate(before, contribution) : contribution);
    }
    if (!tensor.requiresGradient) gradient.dispose();
    // Everything that reads this result has had its turn: its consumers come first in this order.
    if (tensor !== root && !tensor.kept) tensor.dispose();
    else tensor.node = null;
  }
}

/**
 * Ones in the shape of a tensor. Made by a kernel: an upload would send the forward pass off first,
 * and some drivers block the next submission until it is done.
 */
function ones({ gpu, shape }: Tensor): Tensor {
  const out = Tensor.empty(gpu, shape);
  gpu.run(fillKernel, {
    buffers: [out.buffer],
    parameters: {
      vectors: out.vectors,
      pitch: out.pitch / 4,
      channels: out.channels,
      value: 1,
    },
    workgroups: linear(out.vectors),
  });
  return out;
}

/** `sum + addend`, in place where nobody else uses the memory; disposes of both otherwise. */
function accumulate(sum: Tensor, addend: Tensor): Tensor {
  const { gpu, vectors } = sum;
  let total = sum;
  if (!sum.exclusive) {
    total = Tensor.empty(gpu, sum.shape);
    gpu.copy(sum.buffer, total.buffer, 16 * vectors);
    sum.dispose();
  }
  addInto(total, addend);
  addend.dispose();
  return total;
}

/** Tensors that `root` depends on, each after everything it is computed from. */
function topological(root: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  // An explicit stack: a deep network must not exhaust the call stack.
  const stack: { tensor: Tensor; next: number }[] = [{ tensor: root, next: 0 }];
  seen.add(root);
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const input = top.tensor.node?.inputs[top.next++];
    if (!input) {
      order.push(top.tensor);
      stack.pop();
    } else if (input.tracked && !seen.has(input)) {
      seen.add(input);
      stack.push({ tensor: input, next: 0 });
    }
  }
  return order;
}
