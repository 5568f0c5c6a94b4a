import { concat } from "../../engine/ops/concat.ts";
import { averagePool, maxPool } from "../../engine/ops/pool.ts";
import type { Tensor } from "../../engine/tensor.ts";
import { BatchNorm, Conv2d } from "../layers.ts";
import { type Builder, Module } from "../module.ts";

/** Kernel, stride and padding of a convolution; squares and "same" padding by one number. */
export interface ConvolutionShape {
  readonly kernel: number | readonly [number, number];
  readonly stride?: number;
  readonly padding?: number | readonly [number, number];
}

/** Convolution without bias, batch norm with eps 0.001, ReLU: torchvision's `BasicConv2d`. */
export class ConvNormRelu extends Module {
  #conv: Conv2d;
  #norm: BatchNorm;

  constructor(builder: Builder, channels: readonly [number, number], shape: ConvolutionShape) {
    super();
    this.#conv = this.part("conv", new Conv2d(builder, channels, { ...shape, bias: false }));
    this.#norm = this.part("bn", new BatchNorm(builder, channels[1], { eps: 0.001 }));
  }

  forward(x: Tensor): Tensor {
    return this.#norm.forward(this.#conv.forward(x), { relu: true });
  }
}

/** One convolution of a branch: torchvision's name, output channels, shape. */
type Step = readonly [name: string, outputs: number, shape: ConvolutionShape];

/** A branch: convolutions one after the other, with or without a pooling before them. */
interface Branch {
  readonly pool?: (x: Tensor) => Tensor;
  readonly steps: readonly Step[];
}

const ONE = { kernel: 1 } as const;
const THREE = { kernel: 3, padding: 1 } as const;
const FIVE = { kernel: 5, padding: 2 } as const;
const ROW = { kernel: [1, 7], padding: [0, 3] } as const;
const COLUMN = { kernel: [7, 1], padding: [3, 0] } as const;
const average = (x: Tensor) => averagePool(x, { kernel: 3, stride: 1, padding: 1 });
const maximum = (x: Tensor) => maxPool(x, { kernel: 3, stride: 1, padding: 1 });

/** Parallel branches over one input, joined along the channels (Szegedy et al., 2016). */
export class InceptionBlock extends Module {
  /** Channels of the result. */
  readonly outputs: number;
  #branches: { readonly pool?: (x: Tensor) => Tensor; readonly convs: ConvNormRelu[] }[];

  constructor(builder: Builder, inputs: number, branches: readonly Branch[]) {
    super();
    let total = 0;
    this.#branches = branches.map(({ pool, steps }) => {
      let channels = inputs;
      const convs = steps.map(([name, outputs, shape]) => {
        const conv = new ConvNormRelu(builder, [channels, outputs], shape);
        channels = outputs;
        return this.part(name, conv);
      });
      total += channels;
      return { pool, convs };
    });
    this.outputs = total;
  }

  forward(x: Tensor): Tensor {
    return concat(
      this.#branches.map(({ pool, convs }) =>
        convs.reduce((hidden, conv) => conv.forward(hidden), pool ? pool(x) : x)
      ),
    );
  }
}

/** Branches of `Mixed_5b` to `5d`: 1×1, 5×5, twice 3×3, and an average pooling. */
export function branchesA(pooled: number): Branch[] {
  return [
    { steps: [["branch1x1", 64, ONE]] },
    { steps: [["branch5x5_1", 48, ONE], ["branch5x5_2", 64, FIVE]] },
    {
      steps: [
        ["branch3x3dbl_1", 64, ONE],
        ["branch3x3dbl_2", 96, THREE],
        ["branch3x3dbl_3", 96, THREE],
      ],
    },
    { pool: average, steps: [["branch_pool", pooled, ONE]] },
  ];
}

/** Branches of `Mixed_6a`, in the official code with stride 1 and padding 1 throughout. */
export function branchesB(): Branch[] {
  return [
    { steps: [["branch3x3", 384, THREE]] },
    {
      steps: [
        ["branch3x3dbl_1", 64, ONE],
        ["branch3x3dbl_2", 96, THREE],
        ["branch3x3dbl_3", 96, THREE],
      ],
    },
    { pool: maximum, steps: [] },
  ];
}

/** Branches of `Mixed_6b` to `6e`: 7×7 as 1×7 and 7×1, once and twice. */
export function branchesC(width: number): Branch[] {
  return [
    { steps: [["branch1x1", 192, ONE]] },
    {
      steps: [["branch7x7_1", width, ONE], ["branch7x7_2", width, ROW], [
        "branch7x7_3",
        192,
        COLUMN,
      ]],
    },
    {
      steps: [
        ["branch7x7dbl_1", width, ONE],
        ["branch7x7dbl_2", width, COLUMN],
        ["branch7x7dbl_3", width, ROW],
        ["branch7x7dbl_4", width, COLUMN],
        ["branch7x7dbl_5", 192, ROW],
      ],
    },
    { pool: average, steps: [["branch_pool", 192, ONE]] },
  ];
}
