import { STAGE_STRIDES } from "../../model/backbones/resnet.ts";
import type { NamedTensor } from "../contestant.ts";
import type { NetworkOptions } from "../network.ts";
import { encodeOnnx, type OnnxNode } from "./onnx.ts";

/**
 * ResNet50 as an ONNX file: torchvision's structure and names, weights in PyTorch's layout
 * (`[out, in, height, width]`). Pictures `[batch, 3, size, size]` → logits `[batch, classes]`.
 */
export function resnet50Onnx(
  weights: readonly NamedTensor[],
  { batch, size, stride }: Pick<NetworkOptions, "batch" | "size" | "stride">,
): Uint8Array<ArrayBuffer> {
  const names = new Set(weights.map(({ name }) => name));
  const classes = weights.find(({ name }) => name === "conv_last.weight")!.shape[0];
  const nodes: OnnxNode[] = [];
  const node = (operator: string, inputs: string[], attributes: OnnxNode["attributes"] = {}) => {
    const output = `value${nodes.length}`;
    nodes.push({ operator, inputs, output, attributes });
    return output;
  };
  const convolution = (x: string, name: string, stride: number) => {
    const [, , extent] = weights.find((tensor) => tensor.name === `${name}.weight`)!.shape;
    const pad = extent >> 1;
    return node("Conv", [x, `${name}.weight`], {
      kernel_shape: [extent, extent],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  };
  const norm = (x: string, name: string) => {
    const parts = ["weight", "bias", "running_mean", "running_var"];
    const inputs = [x, ...parts.map((part) => `${name}.${part}`)];
    return node("BatchNormalization", inputs, { epsilon: { float: 1e-5 } });
  };
  const relu = (x: string) => node("Relu", [x]);

  let x = relu(norm(convolution("x", "conv1", 2), "bn1"));
  x = node("MaxPool", [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  for (const [stage, stageStride] of STAGE_STRIDES[stride].entries()) {
    for (let i = 0; names.has(`layer${stage + 1}.${i}.conv1.weight`); i++) {
      const block = `layer${stage + 1}.${i}`;
      const step = i === 0 ? stageStride : 1;
      const shortcut = names.has(`${block}.downsample.0.weight`)
        ? norm(convolution(x, `${block}.downsample.0`, step), `${block}.downsample.1`)
        : x;
      const narrow = relu(norm(convolution(x, `${block}.conv1`, 1), `${block}.bn1`));
      const seen = relu(norm(convolution(narrow, `${block}.conv2`, step), `${block}.bn2`));
      const wide = norm(convolution(seen, `${block}.conv3`, 1), `${block}.bn3`);
      x = relu(node("Add", [wide, shortcut]));
    }
  }
  x = node("GlobalAveragePool", [x]);
  x = node("Conv", [x, "conv_last.weight", "conv_last.bias"], { kernel_shape: [1, 1] });
  nodes.push({ operator: "Flatten", inputs: [x], output: "logits" });
  return encodeOnnx({
    inputs: [{ name: "x", shape: [batch, 3, size, size] }],
    output: { name: "logits", shape: [batch, classes] },
    nodes,
    weights,
  });
}
