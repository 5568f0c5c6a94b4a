import { selectLabel } from "../engine/ops/cross_entropy.ts";
import { affine } from "../engine/ops/elementwise.ts";
import { meanSpatial } from "../engine/ops/reduce.ts";
import { logSoftmax, softmax } from "../engine/ops/softmax.ts";
import type { Gpu } from "../engine/gpu.ts";
import { Tensor } from "../engine/tensor.ts";
import type { Batch } from "../data/loader.ts";
import { extentOf } from "../data/transform.ts";
import { type AdlOptions, AttentionDropout } from "./attention_dropout.ts";
import type { Backbone } from "./backbones/backbone.ts";
import { classProbabilities, jointMap, labelLogJoint } from "./calm/joint.ts";
import type { LocationOptions } from "./calm/location.ts";
import { marginalLoss } from "./calm/losses.ts";
import { AcolHead } from "./heads/acol.ts";
import { CalmHead } from "./heads/calm.ts";
import {
  type Features,
  type Head,
  type HeadOptions,
  negativeLogLikelihood,
  type Outputs,
} from "./heads/head.ts";
import { PooledHead } from "./heads/pooled.ts";
import { type SpgCuts, SpgHead } from "./heads/spg.ts";
import { type Method, methodKind } from "./methods.ts";
import { type Builder, Module } from "./module.ts";

/** A batch's pictures on the GPU, `[size, crop, crop, 3]`. */
export function uploadPictures(gpu: Gpu, batch: Pick<Batch, "images" | "size">): Tensor {
  const extent = extentOf(batch);
  return Tensor.fromPadded(gpu, batch.images, [batch.size, extent, extent, 3]);
}

/** What decides the last layers of a classifier, and what it is trained towards. */
export interface ClassifierOptions extends LocationOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Which last layers and loss. */
  readonly method: Method;
  /** CALM_EM: ε of its loss (`ExpectationOptions`); default 0. */
  readonly posteriorEpsilon?: number;
  /** ADL's layers within the backbone; default none. */
  readonly adl?: AdlOptions;
  /** ACoL: where its first classifier's map hides features; default 0.7. */
  readonly acolThreshold?: number;
  /** SPG: what its maps are sure of; default `SPG_CUTS`. */
  readonly spgCuts?: SpgCuts;
}

/** A backbone with the last layers of CAM (paper eq. 1), CALM (§4.1.1) or one of their rivals. */
export class Classifier extends Module {
  /** Makes the feature map. */
  readonly backbone: Backbone;
  #head: Head;
  /** By the layer of the backbone that each follows. */
  #adl: ReadonlyMap<string, AttentionDropout>;

  /** First weights of the last layers are the builder's. */
  constructor(builder: Builder, backbone: Backbone, options: ClassifierOptions) {
    super();
    this.backbone = this.part("", backbone);
    this.classes = options.classes;
    this.method = options.method;
    this.#head = this.part("", buildHead(builder, backbone, options));
    const { adl } = options;
    const places = adl ? backbone.attachments.adl : [];
    this.#adl = new Map(
      places.map((place, i) => [place, this.part("", new AttentionDropout(i, adl!))]),
    );
  }

  /** Which last layers and loss. */
  readonly method: Method;
  /** Number of classes. */
  readonly classes: number;

  /**
   * Runs `body` with the running statistics and without recording gradients, in a scope of its own:
   * only the tensors it returns are left.
   */
  inference<T>(body: () => T): T {
    const { training, gpu } = this;
    this.setTraining(false);
    try {
      return gpu.withoutGradients(() => gpu.scope(body));
    } finally {
      this.setTraining(training);
    }
  }

  /** Runs the network on pictures `[n, h, w, 3]`. */
  forward(x: Tensor, options: HeadOptions = {}): Outputs {
    return this.#head.forward(this.#features(x), options);
  }

  /** The backbone's feature map u of pictures, `[n, h, w, features]`. */
  features(x: Tensor): Tensor {
    return this.#features(x).u;
  }

  /** The last layers on features u as they are for maps: without what only a loss reads. */
  head(u: Tensor): Outputs {
    const [, height, width] = u.shape;
    return this.#head.forward({ u, sides: [], extent: [height, width] }, { forMaps: true });
  }

  /**
   * The training loss, mean over the batch, `[1]`: cross-entropy of the pooled logits for CAM, eq. 4
   * for CALM_ML, eq. 6 for CALM_EM, and what the heads of ACoL and SPG add to cross-entropy.
   *
   * @param teacher of CALM_EM: what the model with the parameters θ' says of the same pictures, from
   * which the pseudo-target comes; default: these outputs themselves, θ' = θ
   */
  loss(outputs: Outputs, labels: Tensor, teacher?: Outputs): Tensor {
    return this.#head.loss(outputs, labels, teacher);
  }

  /** −log p(ŷ|x), mean over the batch, `[1]`. */
  negativeLogLikelihood(outputs: Outputs, labels: Tensor): Tensor {
    return negativeLogLikelihood(outputs, labels);
  }

  /** −log p(ŷ|x) of each picture, `[n, 1]`. */
  negativeLogLikelihoods({ f, logH }: Outputs, labels: Tensor): Tensor {
    if (logH) return marginalLoss(labelLogJoint(f, logH, labels));
    return affine(selectLabel(logSoftmax(meanSpatial(f)), labels), { scale: -1 });
  }

  /** p(y|x), `[n, classes]`. Not differentiable. */
  probabilities({ f, logH }: Outputs): Tensor {
    const { gpu } = f;
    return gpu.withoutGradients(() =>
      gpu.scope(() => logH ? classProbabilities(f, logH) : softmax(meanSpatial(f)))
    );
  }

  /** p(y,z|x), `[n, h, w, classes]`; CALM only. */
  joint({ f, logH }: Outputs): Tensor {
    if (!logH) throw new Error(`${this.method} has no joint distribution p(y,z|x)`);
    return jointMap(f, logH);
  }

  /**
   * ACoL: the class logits of its second classifier, whose features the first one's map of a class
   * leaves.
   *
   * @param u the features, and `f` the first classifier's logits of them
   * @param labels the class of each picture
   */
  afterErasing(u: Tensor, f: Tensor, labels: Tensor): Tensor {
    if (!(this.#head instanceof AcolHead)) throw new Error(`${this.method} erases nothing`);
    return this.#head.afterErasing(u, f, labels);
  }

  #features(x: Tensor): Features {
    const places = x.gpu.recordsGradients ? this.#head.places : [];
    const seen = new Map<string, Tensor>();
    const u = this.backbone.forward(x, (name, result) => {
      const features = this.#adl.get(name)?.forward(result) ?? result;
      if (places.includes(name)) seen.set(name, features);
      return features;
    });
    const [, height, width] = x.shape;
    return { u, sides: places.map((place) => seen.get(place)!), extent: [height, width] };
  }
}

function buildHead(builder: Builder, backbone: Backbone, options: ClassifierOptions): Head {
  const { classes, method, acolThreshold, spgCuts } = options;
  const { features, attachments: { acol, spg: { places, ...channels } } } = backbone;
  switch (methodKind(method).head) {
    case "pooled":
      return new PooledHead(builder, [features, classes]);
    case "calm":
      return new CalmHead(builder, [features, classes], { ...options, em: method === "calm-em" });
    case "acol":
      return new AcolHead(builder, [features, acol, classes], { threshold: acolThreshold });
    case "spg":
      return new SpgHead(builder, { ...channels, features, classes }, { places, cuts: spgCuts });
  }
}
