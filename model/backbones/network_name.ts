import type { StoredTensor } from "../../weights/host_tensor.ts";

/** What a network is told by: the shapes of its tensors by their names. */
export type Shapes = ReadonlyMap<string, Pick<StoredTensor, "shape">>;

/** Blocks of the four stages of torchvision's residual networks: those of two and of three convolutions. */
const BASIC: Readonly<Record<string, number>> = { "2,2,2,2": 18, "3,4,6,3": 34 };
const BOTTLENECK: Readonly<Record<string, number>> = {
  "3,4,6,3": 50,
  "3,4,23,3": 101,
  "3,8,36,3": 152,
};

/** Layers of VGG by its number of convolutions. */
const VGG: Readonly<Record<number, number>> = { 8: 11, 10: 13, 13: 16, 16: 19 };

/**
 * What torchvision calls the network that tensors are of, by their names, the number of its blocks
 * and its widths: `resnet101`, `wide_resnet50_2`, `vgg16_bn`; `small-resnet` is this program's.
 * Whether every tensor is there and of the right shape is not looked at.
 *
 * @returns null where it is none of them
 */
export function networkName(tensors: Shapes): string | null {
  return residual(tensors) ?? vgg(tensors) ?? inception(tensors) ?? smallResnet(tensors);
}

function residual(tensors: Shapes): string | null {
  const blocks = [0, 0, 0, 0];
  for (const name of tensors.keys()) {
    const [, stage, block] = /^layer([1-4])\.(\d+)\./.exec(name) ?? [];
    if (stage) blocks[Number(stage) - 1] = Math.max(blocks[Number(stage) - 1], Number(block) + 1);
  }
  const isBottleneck = tensors.has("layer1.0.conv3.weight");
  const depth = (isBottleneck ? BOTTLENECK : BASIC)[blocks.join()];
  const [width, inputs] = tensors.get("layer1.0.conv2.weight")?.shape ?? [];
  if (depth === undefined || width === undefined) return null;
  if (!isBottleneck || (width === 64 && inputs === 64)) return `resnet${depth}`;
  return width === inputs
    ? `wide_resnet${depth}_${width / 64}`
    : `resnext${depth}_${width / inputs}x${inputs}d`;
}

function vgg(tensors: Shapes): string | null {
  const layers = [...tensors].filter(([name]) => /^features\.\d+\.weight$/.test(name));
  const kernels = layers.map(([, { shape }]) => shape).filter(({ length }) => length === 4);
  const depth = VGG[kernels.length];
  if (depth === undefined || kernels.some(([, , height]) => height !== 3)) return null;
  return `vgg${depth}${layers.length > kernels.length ? "_bn" : ""}`;
}

function inception(tensors: Shapes): string | null {
  const own = ["Mixed_5b.branch1x1.conv.weight", "Mixed_6e.branch1x1.conv.weight"];
  return own.every((name) => tensors.has(name)) ? "inception_v3" : null;
}

function smallResnet(tensors: Shapes): string | null {
  const own = ["layer1.conv1.weight", "layer3.conv2.weight"];
  return own.every((name) => tensors.has(name)) ? "small-resnet" : null;
}
