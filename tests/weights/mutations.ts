import { fileURLToPath } from "node:url";
import type { Random } from "../../engine/random.ts";
import { bytesSource } from "../../weights/byte_source.ts";
import { crc32 } from "../../weights/crc32.ts";
import { readFloat32 } from "../../weights/host_tensor.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { readStateFile } from "../../weights/state_file.ts";
import { bytes } from "./pickles.ts";

const folder = fileURLToPath(new URL("../goldens/torch/", import.meta.url));

/** Sound files of every format, by name. */
export const SOUND_FILES: [string, Uint8Array<ArrayBuffer>][] = [
  ...await Promise.all(
    ["zip.pth", "legacy.pth", "tar.pth", "official_legacy.pth.tar", "foreign.pth"].map(
      async (name) =>
        [name, await Deno.readFile(folder + name)] as [string, Uint8Array<ArrayBuffer>],
    ),
  ),
  [
    "safetensors",
    await encodeSafetensors({
      tensors: new Map(
        ["a", "b", "c"].map((
          name,
        ) => [name, { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]),
      ),
      metadata: { format: "pt" },
    }),
  ],
];

/** Opens a file and reads all of its tensors. */
export async function readWhole(bytes: Uint8Array): Promise<void> {
  const { tensors } = await readStateFile(bytesSource(bytes, "dir/file.pth"));
  for (const tensor of tensors.values()) await readFloat32(tensor);
}

/** Instructions that make, name or call things. */
const OPCODES = bytes("(.012NJKMX]})ltdaesuqrhjcQRb", [0x81, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x93]);

/** A copy with one to four changes: bits, bytes, instructions, lengths, cuts, parts moved. */
export function mutated(
  original: Uint8Array<ArrayBuffer>,
  random: Random,
): Uint8Array<ArrayBuffer> {
  let bytes = original.slice();
  for (let edits = 1 + random.int(4); edits > 0; edits--) {
    const at = random.int(bytes.length);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const from = random.int(bytes.length);
    const kind = random.int(8);
    if (kind === 0) bytes[at] ^= 1 << random.int(8);
    else if (kind === 1) bytes[at] = random.int(256);
    else if (kind === 2) bytes[at] = OPCODES[random.int(OPCODES.length)];
    else if (kind === 3) bytes.fill(random.chance(0.5) ? 0xff : 0, at, at + 1 + random.int(8));
    else if (kind === 4) bytes.fill(random.int(128), at, at + 1 + random.int(4));
    else if (kind === 5) bytes = bytes.slice(0, Math.max(1, at));
    else if (kind === 6) bytes = joined(before, bytes.subarray(from, from + random.int(40)), after);
    else bytes = joined(before, after.subarray(Math.min(random.int(20), after.length - 1)));
  }
  // Else hardly a mutated pickle would be read at all.
  if (random.chance(0.9)) mendChecksums(bytes);
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Makes the checksums of a zip those of its contents. */
function mendChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 46 < bytes.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    const [size, local] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
    if (local + 30 > bytes.length) continue;
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + size > bytes.length) continue;
    view.setUint32(at + 16, crc32(bytes.subarray(start, start + size)), true);
  }
}
