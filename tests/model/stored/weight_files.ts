import type { Module } from "../../../model/module.ts";
import type { HostTensor } from "../../../weights/host_tensor.ts";
import { toFile } from "../../../weights/layout.ts";
import { encodeSafetensors } from "../../../weights/safetensors.ts";

/** A folder that is removed after `body`. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a safetensors file, and returns its path. */
export async function save(
  path: string,
  tensors: Iterable<readonly [string, HostTensor]>,
  metadata: Record<string, string> = {},
): Promise<string> {
  await Deno.writeFile(path, await encodeSafetensors({ tensors: new Map(tensors), metadata }));
  return path;
}

/** A model's tensors as files have them. */
export async function stateOf(model: Module): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>();
  for (const { name, tensor } of model.state()) tensors.set(name, await toFile(tensor));
  return tensors;
}
