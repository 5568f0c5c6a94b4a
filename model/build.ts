import { UserError } from "../engine/errors.ts";
import type { Gpu } from "../engine/gpu.ts";
import { Random } from "../engine/random.ts";
import type { BackboneOptions } from "./backbones/backbone.ts";
import { type Architecture, backboneKind } from "./backbones/list.ts";
import type { Prior } from "./calm/location.ts";
import type { AdlOptions } from "./attention_dropout.ts";
import { Classifier } from "./classifier.ts";
import type { SpgCuts } from "./heads/spg.ts";
import { isOfBenchmark, type Method, methodKind } from "./methods.ts";
import type { Initialisation } from "./module.ts";

/** Everything that decides a model's structure; stored in every checkpoint. */
export interface ModelOptions extends BackboneOptions {
  /** The backbone. */
  readonly arch: Architecture;
  /** Which last layers and loss. */
  readonly method: Method;
  /** How location logits become non-negative; nothing to CAM. */
  readonly prior: Prior;
  /** Keep the location normaliser out of the gradient, as the official code does. */
  readonly detachNormaliser: boolean;
  /** EM only: what is added to the denominator of the posterior; default 0 (`ExpectationOptions`). */
  readonly posteriorEpsilon?: number;
  /** CAM only: as in the WSOL benchmark, like its rivals, with first weights of a linear last layer. */
  readonly benchmark?: boolean;
  /** ADL's layers within the backbone: of the method of that name, or of CALM with them. */
  readonly adl?: AdlOptions;
  /** ACoL only: from which share of its first map on features are hidden; default 0.7. */
  readonly acolThreshold?: number;
  /** SPG only: what its maps are sure of; default the benchmark's. */
  readonly spgCuts?: SpgCuts;
  /** Number of classes. */
  readonly classes: number;
}

/**
 * Builds a model with initial weights drawn from a seed: Xavier-uniform convolutions, He-normal
 * ones for VGG, as in the official code; for the methods of the WSOL benchmark as in its code.
 *
 * @throws {UserError} for options that the architecture does not have
 */
export function buildModel(gpu: Gpu, options: ModelOptions, seed: number): Classifier {
  const { arch, method, largeFeatureMap, skipMixed6e, dropout } = options;
  const kind = backboneKind(arch);
  if (largeFeatureMap && !kind.hasLargeMap) {
    throw new UserError(`${arch} has no large feature map, the paper's backbones have`, {
      settings: ["large-feature-map"],
    });
  }
  if (skipMixed6e && !kind.hasMixed6e) {
    throw new UserError(`Mixed_6e is Inception's: ${arch} cannot leave it out`);
  }
  if (dropout && !kind.hasDropout) {
    throw new UserError(`${arch} has no dropout, Inception has`, { settings: ["dropout"] });
  }
  const { head } = methodKind(method);
  const builder = {
    gpu,
    random: Random.of(seed, 0x1417),
    initialisation: initialisationOf(options),
  };
  const backbone = kind.build(builder, options, head === "calm" ? "pooled" : head);
  const ofBenchmark = options.benchmark || isOfBenchmark(method);
  const isLinear = head === "pooled" && ofBenchmark && kind.endsLinear;
  const last = isLinear ? { ...builder, initialisation: "small-normal" as const } : builder;
  return new Classifier(last, backbone, options);
}

function initialisationOf({ arch, method }: ModelOptions): Initialisation {
  const { initialisation, initialisationOfAcol } = backboneKind(arch);
  if (method === "acol") return initialisationOfAcol;
  return method === "spg" ? "xavier-uniform" : initialisation;
}
