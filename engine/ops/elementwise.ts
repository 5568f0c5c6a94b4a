import { record } from "../autograd.ts";
import { Kernel, linear } from "../kernel.ts";
import { bySlices } from "../slices.ts";
import { Tensor } from "../tensor.ts";
import binarySource from "../../shaders/binary.wgsl" with { type: "text" };
import unarySource from "../../shaders/unary.wgsl" with { type: "text" };

const unary = (operation: number) => new Kernel("unary", unarySource, { OPERATION: operation });
const binary = (operation: number) => new Kernel("binary", binarySource, { OPERATION: operation });

const kernels = {
  relu: unary(0),
  exp: unary(1),
  log: unary(2),
  softplus: unary(3),
  affine: unary(4),
  sigmoid: unary(5),
  add: binary(0),
  subtract: binary(1),
  multiply: binary(2),
  divide: binary(3),
  reluGradient: binary(4),
  softplusGradient: binary(5),
  logGradient: binary(6),
  sigmoidGradient: binary(7),
};

/** max(x, 0); the gradient at 0 is 0, as in PyTorch. */
export function relu(x: Tensor): Tensor {
  const y = applyUnary(kernels.relu, x);
  return record(y, "relu", [x], (gradient) => [reluGradient(y, gradient)]);
}

/** The upstream gradient where the ReLU's output y is positive, 0 elsewhere. */
export function reluGradient(y: Tensor, gradient: Tensor): Tensor {
  return applyBinary(kernels.reluGradient, y, gradient);
}

/** eˣ. */
export function exp(x: Tensor): Tensor {
  const y = applyUnary(kernels.exp, x);
  return record(y, "exp", [x], (gradient) => [applyBinary(kernels.multiply, y, gradient)]);
}

/** Natural logarithm. */
export function log(x: Tensor): Tensor {
  const y = applyUnary(kernels.log, x);
  return record(y, "log", [x], (gradient) => [applyBinary(kernels.logGradient, x, gradient)]);
}

/** log(1 + eˣ), exact for any x; its derivative is the logistic function. */
export function softplus(x: Tensor): Tensor {
  const y = applyUnary(kernels.softplus, x);
  return record(y, "softplus", [x], (gradient) => [
    applyBinary(kernels.softplusGradient, x, gradient),
  ]);
}

/** 1 / (1 + e⁻ˣ), the logistic function. */
export function sigmoid(x: Tensor): Tensor {
  const y = applyUnary(kernels.sigmoid, x);
  return record(y, "sigmoid", [x], (gradient) => [
    applyBinary(kernels.sigmoidGradient, y, gradient),
  ]);
}

/** scale · x + shift for two numbers. */
export function affine(
  x: Tensor,
  { scale = 1, shift = 0 }: { readonly scale?: number; readonly shift?: number },
): Tensor {
  const y = applyUnary(kernels.affine, x, [scale, shift]);
  return record(y, "affine", [x], (gradient) => [
    applyUnary(kernels.affine, gradient, [scale, 0]),
  ]);
}

/** a + b; shapes must be equal, here and in the operations below. */
export function add(a: Tensor, b: Tensor): Tensor {
  const sum = applyBinary(kernels.add, a, b);
  return record(sum, "add", [a, b], (gradient) => [gradient.share(), gradient.share()]);
}

/** a − b. */
export function subtract(a: Tensor, b: Tensor): Tensor {
  const difference = applyBinary(kernels.subtract, a, b);
  return record(difference, "subtract", [a, b], (gradient) => [
    gradient.share(),
    b.tracked ? negate(gradient) : null,
  ]);
}

/** a · b. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  return record(applyBinary(kernels.multiply, a, b), "multiply", [a, b], (gradient) => [
    a.tracked ? applyBinary(kernels.multiply, gradient, b) : null,
    b.tracked ? applyBinary(kernels.multiply, gradient, a) : null,
  ]);
}

/** a / b. */
export function divide(a: Tensor, b: Tensor): Tensor {
  const quotient = applyBinary(kernels.divide, a, b);
  return record(quotient, "divide", [a, b], (gradient) => {
    const byA = applyBinary(kernels.divide, gradient, b);
    if (!b.tracked) return [byA, null];
    const scaled = applyBinary(kernels.multiply, byA, quotient);
    const byB = negate(scaled);
    scaled.dispose();
    return [byA, byB];
  });
}

function negate(x: Tensor): Tensor {
  return applyUnary(kernels.affine, x, [-1, 0]);
}

function applyUnary(kernel: Kernel, x: Tensor, [scale, shift] = [1, 0]): Tensor {
  const out = Tensor.empty(x.gpu, x.shape);
  bySlices(x.gpu, [x, out], ([x, out]) => {
    x.gpu.run(kernel, {
      buffers: [x.buffer, out.buffer],
      parameters: { vectors: x.vectors, channels: x.channels, pitch: x.pitch / 4, scale, shift },
      workgroups: linear(x.vectors),
    });
  });
  return out;
}

function applyBinary(kernel: Kernel, a: Tensor, b: Tensor): Tensor {
  if (a.shape.join() !== b.shape.join()) {
    throw new RangeError(`Shapes must be equal: [${a.shape}] and [${b.shape}] are not`);
  }
  const out = Tensor.empty(a.gpu, a.shape);
  bySlices(a.gpu, [a, b, out], ([a, b, out]) => {
    a.gpu.run(kernel, {
      buffers: [a.buffer, b.buffer, out.buffer],
      parameters: { vectors: a.vectors, channels: a.channels, pitch: a.pitch / 4 },
      workgroups: linear(a.vectors),
    });
  });
  return out;
}
