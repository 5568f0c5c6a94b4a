import { product, Tensor } from "../../engine/tensor.ts";
import type { Gpu } from "../../engine/gpu.ts";
import { fromFile } from "../../weights/layout.ts";
import type { HostTensor } from "../../weights/host_tensor.ts";
import { decodeSafetensors } from "../../weights/safetensors.ts";

/** A golden file: tensors in the engine's layouts and what the script says of each case. */
export interface Golden {
  readonly cases: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Activations and vectors; NCHW becomes NHWC. */
  tensor(name: string): HostTensor;
  /** The numbers as they are in the file. */
  slice(name: string): Float32Array;
  has(name: string): boolean;
  names(prefix: string): string[];
}

/** Reads `tests/goldens/NAME.safetensors`, which tests/goldens/make_goldens.py wrote. */
export async function readGolden(name: string): Promise<Golden> {
  const url = new URL(`../goldens/${name}.safetensors`, import.meta.url);
  const { tensors, metadata } = await decodeSafetensors(await Deno.readFile(url), url.pathname);
  const find = (name: string) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`The golden file has no tensor ${name}`);
    return found;
  };
  return {
    cases: JSON.parse(metadata.cases),
    has: (name) => tensors.has(name),
    names: (prefix) => [...tensors.keys()].filter((name) => name.startsWith(prefix)),
    slice: (name) => find(name).data,
    tensor(name) {
      const found = find(name);
      return /weights?(\.gradient)?$/.test(name) ? fromFile(found) : toNhwc(found);
    },
  };
}

/** Uploads a golden tensor. */
export function upload(gpu: Gpu, { shape, data }: HostTensor, type: "f32" | "u32" = "f32"): Tensor {
  return Tensor.from(gpu, data, shape, type).keep();
}

function toNhwc({ shape, data }: HostTensor): HostTensor {
  if (shape.length !== 4) return { shape, data };
  const [n, c, h, w] = shape;
  const out = new Float32Array(product(shape));
  for (let b = 0; b < n; b++) {
    for (let k = 0; k < c; k++) {
      for (let z = 0; z < h * w; z++) out[(b * h * w + z) * c + k] = data[(b * c + k) * h * w + z];
    }
  }
  return { shape: [n, h, w, c], data: out };
}
