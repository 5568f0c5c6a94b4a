import { relu } from "../../engine/ops/elementwise.ts";
import { maxPool } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d, inSequence } from "../layers.ts";
import { type Builder, Module } from "../module.ts";
import type { Backbone, BackboneOptions } from "./backbone.ts";
import { isFeatureName } from "./feature_names.ts";

/** Output channels of the 3×3 convolutions; a pooling ends each group but the last. */
const GROUPS = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]] as const;

/**
 * VGG16 as in the official code: torchvision's `features` without the last pooling (and, with a
 * large feature map, without the fourth), then a 3×3 convolution `conv6` to 1024 channels. The
 * indices of `features.N` count poolings and ReLUs, as in torchvision, so that leaving a pooling
 * out shifts those behind it.
 */
export class Vgg16 extends Module implements Backbone {
  readonly features = 1024;
  #layers: ((x: Tensor) => Tensor)[] = [];

  /** @param options `batchNorm` (default false): torchvision's `vgg16_bn` */
  constructor(builder: Builder, options: BackboneOptions & { readonly batchNorm?: boolean } = {}) {
    super();
    const { largeFeatureMap = false, batchNorm = false } = options;
    const poolings = largeFeatureMap ? 3 : 4;
    let index = 0;
    let inputs = 3;
    const convolution = (outputs: number, convName: string, normName: string) => {
      const conv = this.part(
        convName,
        new Conv2d(builder, [inputs, outputs], { kernel: 3, padding: 1 }),
      );
      const norm = batchNorm ? this.part(normName, new BatchNorm(builder, outputs)) : null;
      this.#layers.push((x) => {
        const y = conv.forward(x);
        return norm ? norm.forward(y, { relu: true }) : relu(y);
      });
      inputs = outputs;
    };
    for (const [group, widths] of GROUPS.entries()) {
      for (const outputs of widths) {
        convolution(outputs, `features.${index}`, `features.${index + 1}`);
        index += batchNorm ? 3 : 2;
      }
      if (group < poolings) {
        this.#layers.push((x) => maxPool(x, { kernel: 2 }));
        index++;
      }
    }
    convolution(this.features, "conv6", "bn6");
  }

  /** Pictures `[n, h, w, 3]` → features `[n, ⌊h/16⌋, ⌊w/16⌋, 1024]`; by 8 with a large map. */
  forward(x: Tensor): Tensor {
    return inSequence(x, this.#layers);
  }

  /** The official code's rule: `features.` learns at the base rate. */
  readonly isFeature = isFeatureName.vgg;
}
