import type { Contestant, SharedData } from "../contestant.ts";
import type { NetworkOptions } from "../network.ts";
import { resnet50Onnx } from "./resnet50_onnx.ts";

/** Libraries that can be timed against, and the network each has been given. */
export const PEERS = { tfjs: "small-network", ort: "resnet50" } as const;

/** A library's name on the command line. */
export type PeerName = keyof typeof PEERS;

/**
 * Opens a peer on the same weights and pictures. Its packages, hundreds of megabytes, are named in
 * its file and not in deno.json or deno.lock, and the file is imported by a computed address, so
 * that nobody downloads them who does not ask for the peer.
 */
export async function openPeer(
  peer: PeerName,
  options: NetworkOptions,
  data: SharedData,
): Promise<Contestant> {
  const file = await import(new URL(`./${peer}.ts`, import.meta.url).href);
  if (peer === "tfjs") return file.tfjsSmallNetwork(options, data);
  return file.ortNetwork(resnet50Onnx(data.weights, options), options, data.images);
}
