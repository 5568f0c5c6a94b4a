import type { BackboneKind } from "./backbone.ts";
import { inceptionV3, inceptionV3Bn } from "./inception_v3.ts";
import { resnet101, resnet18, resnet34, resnet50 } from "./resnet.ts";
import { smallResNet } from "./small_resnet.ts";
import { vgg16, vgg16Bn } from "./vgg16.ts";

/** The backbones that can be trained. `_bn`: with the official code's `--use_bn`. */
export const BACKBONES = [
  smallResNet,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  vgg16,
  vgg16Bn,
  inceptionV3,
  inceptionV3Bn,
] as const;

/** Name of a backbone. */
export type Architecture = typeof BACKBONES[number]["name"];

/** All names, for messages. */
export const ARCHITECTURES: readonly Architecture[] = BACKBONES.map(({ name }) => name);

/** What there is to know of a backbone. */
export function backboneKind(arch: Architecture): BackboneKind<Architecture> {
  return BACKBONES.find(({ name }) => name === arch)!;
}

/** The backbone whose tensors a file holds, if any; `_bn` where batch norms can be had or not. */
export function architectureOf(
  { tensors }: { readonly tensors: Parameters<BackboneKind["recognises"]>[0] },
): Architecture | null {
  return BACKBONES.find((kind) => kind.recognises(tensors))?.name ?? null;
}
