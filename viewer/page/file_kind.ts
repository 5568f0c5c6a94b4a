import { beginsAsPicture, FORMAT_BYTES } from "../../data/picture_format.ts";
import { beginsAsSafetensors } from "../../weights/other_kinds.ts";
import { looksLikeTorch } from "../../weights/torch_file.ts";

/** What a file is by its first bytes; its name and type may say otherwise. */
export async function fileKind(file: Blob): Promise<"picture" | "checkpoint" | "other"> {
  const bytes = new Uint8Array(await file.slice(0, FORMAT_BYTES).arrayBuffer());
  if (looksLikeTorch(bytes) || beginsAsSafetensors(file.size, bytes)) return "checkpoint";
  return beginsAsPicture(bytes) ? "picture" : "other";
}
