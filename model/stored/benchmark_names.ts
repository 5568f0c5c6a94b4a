import type { StoredTensor } from "../../weights/host_tensor.ts";
import type { StateFile } from "../../weights/state_file.ts";
import type { Tensors } from "../backbones/backbone.ts";
import type { Method } from "../methods.ts";

/** A network of clovaai/wsolevaluation. */
export interface BenchmarkNetwork {
  /** The tensors by the names that they have here, `fc.weight` as a 1×1 convolution. */
  readonly tensors: Tensors;
  /** The methods that have this network; the others' names tell them apart. */
  readonly methods: readonly Method[];
}

/** What was trained with CAM's network in other ways than CAM. */
const CAM_LIKE: readonly Method[] = ["cam", "has", "cutmix"];

/** Layers of torchvision's VGG16 that SPG has by names of its own. */
const VGG_OF_SPG = {
  "SPG_A_1": [17, 19, 21],
  "SPG_A_2": [24, 26, 28],
} as const;

/**
 * The tensors of a checkpoint of the WSOL benchmark's code by the names that they have here, in their
 * order, and the methods that they may have been trained by. Poolings that are left out shift VGG's
 * `features.N`, which the backbone's own rule aligns.
 *
 * @returns null where they are of another program
 */
export function fromBenchmark(all: Tensors): BenchmarkNetwork | null {
  const names = [...all.keys()];
  const methods = methodsOf(names);
  if (!methods) return null;
  const isAdl = methods.length === 1 && methods[0] === "adl";
  const rename = (name: string) => {
    const renamed = isAdl ? withoutAdl(name) : name;
    return renamed.replace(/^SPG_A1\.0\./, "layer3.0.")
      .replace(/^SPG_A2\.(\d+)\./, (_, block) => `layer3.${Number(block) + 1}.`)
      .replace(/^(SPG_A_[12])\.(\d)\./, (_, group, index) => {
        const layers = VGG_OF_SPG[group as keyof typeof VGG_OF_SPG];
        return `features.${layers[Number(index) / 2]}.`;
      })
      .replace(/^SPG_A_4\./, "SPG_A4.")
      .replace(/^SPG_(A3_[12]b)\./, "$1.")
      .replace(/^fc\./, "conv_last.")
      .replace(/^SPG_A4\./, methods.includes("spg") ? "SPG_A4." : "conv_last.");
  };
  const tensors = new Map(
    [...all].map(([name, tensor]) => [rename(name), asConvolution(name, tensor)]),
  );
  return { tensors, methods };
}

/**
 * The network of a file of the benchmark's code. A network of torchvision's with its last layer looks
 * like one of CAM's there, but has larger strides: only what says that it is the benchmark's, or a
 * user who says how it was trained, makes it one.
 */
export function benchmarkNetworkOf(
  { tensors, metadata }: Pick<StateFile, "tensors" | "metadata">,
  method?: Method,
): BenchmarkNetwork | null {
  const found = fromBenchmark(tensors);
  const isSaid = method !== undefined || "architecture" in metadata;
  return found?.methods === CAM_LIKE && !isSaid ? null : found;
}

function methodsOf(names: readonly string[]): readonly Method[] | null {
  const has = (start: string) => names.some((name) => name.startsWith(start));
  if (has("classifier_A.")) return ["acol"];
  if (has("SPG_B_shared.")) return ["spg"];
  // Inception's last layer goes by this name for all of them, and ADL leaves no trace there.
  if (has("SPG_A4.")) return [...CAM_LIKE, "adl"];
  if (!has("fc.")) return null;
  if (has("layer3.6.") && !has("layer3.1.")) return ["adl"];
  const features = names.flatMap((name) => /^features\.(\d+)\.weight$/.exec(name)?.[1] ?? []);
  // ADL's layer behind the third pooling shifts the convolutions of the fourth group.
  if (features.includes("18") && !features.includes("17")) return ["adl"];
  return has("conv6.") || has("layer4.") ? CAM_LIKE : null;
}

/**
 * ADL's layers take indices: 1 in ResNet's third stage, 1 and 4 in its fourth; in VGG one behind the
 * third pooling and one behind the fourth group of convolutions.
 */
function withoutAdl(name: string): string {
  return name.replace(/^(layer[34]|features)\.(\d+)\./, (_, stage, index) => {
    const place = Number(index);
    const before = stage === "features"
      ? Number(place > 16) + Number(place > 23)
      : Number(place > 0);
    return `${stage}.${place - before}.`;
  });
}

/** A linear layer over pooled features is a 1×1 convolution before the pooling. */
function asConvolution(name: string, tensor: StoredTensor): StoredTensor {
  if (name !== "fc.weight" || tensor.shape.length !== 2) return tensor;
  const { type, shape } = tensor;
  return { type, shape: [...shape, 1, 1], read: () => tensor.read() };
}
