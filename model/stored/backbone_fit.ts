import { Gpu } from "../../engine/gpu.ts";
import { shapeInFile } from "../../weights/layout.ts";
import type { Backbone, Places, Tensors } from "../backbones/backbone.ts";
import { type Architecture, backboneKind, BACKBONES } from "../backbones/list.ts";
import { networkName } from "../backbones/network_name.ts";
import { buildModel } from "../build.ts";
import type { Method } from "../methods.ts";

/** PyTorch counts batches for averages that nobody here uses. */
export const COUNTER = /\.num_batches_tracked$/;

/** What the official code removes from torchvision's files, and the last layer of any other. */
const NOT_BACKBONE =
  /^(fc|classifier(_[AB])?|AuxLogits|Mixed_7\w|conv_last|SPG_(A4|B_\w+|C)|optimizer)\./;

/** What the official code and the benchmark's add behind torchvision's backbones. */
const ADDED = /^(conv6|bn6|A3_1b|A3_2b|SPG_A_3)\./;

/** The prior branch: taken where file and model have it. */
const PRIOR = /^attention\./;

/** The tensors of a file that are for a backbone, by the backbone's names. */
export interface BackboneFit {
  readonly tensors: Tensors;
  /** Names in the file of the rest. */
  readonly skipped: readonly string[];
}

/** The places for a backbone's tensors. */
export function placesOf(backbone: Backbone): Places {
  return new Map(
    [...backbone.state()].map(({ name, tensor }) => [name, shapeInFile(tensor.shape)]),
  );
}

/** The places of an architecture, as a method has it; no GPU is needed. */
export function placesOfArchitecture(arch: Architecture, method: Method = "cam"): Places {
  const options = {
    arch,
    method,
    prior: "relu",
    detachNormaliser: true,
    classes: 1,
  } as const;
  return placesOf(buildModel(Gpu.imagined(), options, 0).backbone);
}

/**
 * Finds the tensors of a backbone in a file: torchvision's, or a checkpoint of the same backbone.
 * Every one has to be there, batch norms' statistics, too, and nothing of another network; only
 * what the official code adds to torchvision's backbones may be missing, as a whole.
 *
 * @returns the tensors, or what is wrong as a sentence whose subject is the file
 */
export function fitBackbone(
  arch: Architecture,
  places: Places,
  all: Tensors,
): BackboneFit | string {
  const left = (name: string) => NOT_BACKBONE.test(name) || COUNTER.test(name);
  const skipped = [...all.keys()].filter(left);
  const named = new Map([...all].filter(([name]) => !left(name)));
  const kind = backboneKind(arch);
  const tensors = kind.rename?.(named, places) ?? named;

  const network = networkName(all);
  if (network !== null && network !== kind.network) {
    const known = BACKBONES.find((other) => other.network === network);
    return `holds ${network}, not ${arch}${known ? `; the backbone ${known.name} takes it` : ""}`;
  }
  if (![...tensors.keys()].some((name) => places.has(name))) {
    const [first] = all.keys();
    return `holds none of the features of ${arch}: ` +
      (first === undefined ? "it has no tensors" : `its first tensor is ${first}`);
  }
  const hasAdded = [...tensors.keys()].some((name) => ADDED.test(name));
  const needed = [...places.keys()].filter((name) => hasAdded || !ADDED.test(name));
  const missing = needed.filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    return `lacks ${missing.length} of the ${needed.length} tensors of ${arch}'s backbone: ` +
      shorten(missing);
  }
  // Layers that are added for another method are left.
  const known = (name: string) => places.has(name) || PRIOR.test(name) || ADDED.test(name);
  const extra = [...tensors.keys()].filter((name) => !known(name));
  if (extra.length > 0) {
    return `has ${extra.length} tensors that ${arch} does not: ${shorten(extra)}`;
  }
  for (const [name, { shape }] of tensors) {
    const expected = places.get(name) ?? shape;
    if (shape.join() !== expected.join()) {
      return `has ${name} of shape [${shape}], where ${arch} has [${expected}]`;
    }
  }
  return { tensors, skipped };
}

function shorten([first, ...rest]: readonly string[]): string {
  return rest.length > 0 ? `${first} …` : first;
}
