import assert from "node:assert/strict";
import { mix } from "../../../data/cutmix.ts";
import { hideCells } from "../../../data/hide_and_seek.ts";
import { padTo4, type Tensor } from "../../../engine/tensor.ts";
import { AttentionDropout } from "../../../model/attention_dropout.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import type { Method } from "../../../model/methods.ts";
import { RunningTotals } from "../../../model/training/running_totals.ts";
import { Sgd } from "../../../model/training/sgd.ts";
import { trainingStep } from "../../../model/training/trainer.ts";
import { fromFile, shapeInFile, toFile } from "../../../weights/layout.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose } from "../../reference/check.ts";
import { readGolden } from "../../reference/golden.ts";
import { hashedWeight } from "../../reference/hashed_weights.ts";

/** What make_rivals_training.py says of a case. */
interface Case {
  readonly lr: number;
  /** Stands before the names of which the first weights of heads are hashes. */
  readonly seed: number;
  readonly options: {
    readonly cell?: number;
    readonly rate?: number;
    readonly threshold?: number;
    readonly thresholds?: readonly (readonly [high: number, low: number])[];
  };
  readonly losses: readonly { readonly total: number }[];
  /** What was drawn for each step. */
  readonly steps: readonly ({
    readonly permutation: readonly number[];
    readonly box: readonly [top: number, left: number, bottom: number, right: number];
    readonly share: number;
    readonly branches: readonly ("drop" | "importance")[];
  } | null)[];
}

const training = await readGolden("training");
const golden = await readGolden("rivals_training");

/** Fresh pictures for every step: HaS hides parts of them in place. */
function batchOf(step: number) {
  const { data } = training.tensor(`images${step % 2}`);
  const images = new Float32Array(data.length / 3 * padTo4(3));
  data.forEach((value, at) => images[Math.floor(at / 3) * 4 + at % 3] = value);
  return { images, labels: Uint32Array.from(training.tensor(`labels${step % 2}`).data), size: 4 };
}

/** The small network that a case is of. */
function optionsOf(name: string, { options }: Case): ModelOptions {
  const common = {
    arch: "small-resnet",
    prior: "softplus",
    detachNormaliser: false,
    classes: 5,
  } as const;
  const method = (name.startsWith("cutmix-calm") ? "calm-em" : name.split("-")[0]) as Method;
  const { rate = 0, threshold = 0, thresholds } = options;
  const cuts = thresholds?.map(([high, low]) => ({ high, low }));
  return {
    ...{ ...common, method },
    ...(method === "adl" && { adl: { rate, threshold } }),
    ...(method === "acol" && { acolThreshold: threshold }),
    ...(cuts && { spgCuts: [cuts[0], cuts[1], cuts[2]] }),
  };
}

/** The batch of a step with what the golden has drawn. */
function feedOf(name: string, { options, steps }: Case, step: number) {
  const batch = batchOf(step);
  const drawn = steps?.[step];
  if (name === "has") {
    const kept = golden.slice(`has/kept${step}`);
    const cells = kept.length / batch.size;
    hideCells(batch, (n) => ({
      size: options.cell!,
      hidden: Array.from(kept.subarray(n * cells, (n + 1) * cells), (value) => value === 0),
    }));
  }
  if (!name.startsWith("cutmix") || !drawn) return batch;
  const { permutation, box: [top, left, bottom, right], share } = drawn;
  const fed = mix(batch, {
    partners: Uint32Array.from(permutation),
    box: [left, top, right, bottom],
  });
  assert.ok(Math.abs(fed.mixed.share - share) < 1e-12);
  return { ...batch, ...fed };
}

for (const [name, value] of Object.entries(golden.cases)) {
  const facts = value as unknown as Case;
  gpuTest(`PyTorch: five training steps of the small network, ${name}`, async (gpu) => {
    const model = buildModel(gpu, optionsOf(name, facts), 0);
    for (const { name, tensor } of model.state()) {
      const known = training.has(`initial/${name}`);
      tensor.write(
        known
          ? training.tensor(`initial/${name}`).data
          : fromFile(hashedWeight(`${facts.seed}.${name}`, shapeInFile(tensor.shape))).data,
      );
    }
    const isFeature = ({ name }: { name: string }) => model.backbone.isFeature(name);
    const parameters = model.parameters();
    const optimiser = new Sgd([
      { parameters: parameters.filter(isFeature), scale: 1 },
      { parameters: parameters.filter((each) => !isFeature(each)), scale: 10 },
    ], { momentum: 0.9, weightDecay: 1e-4 });
    const sums = new RunningTotals(gpu);
    const branches = (facts.steps ?? []).flatMap((step) => step?.branches ?? []);
    const losses: number[] = [];
    await withBranches(branches, async () => {
      for (const step of facts.losses.keys()) {
        sums.reset();
        trainingStep(model, optimiser, { ...feedOf(name, facts, step), rate: facts.lr, sums });
        losses.push((await sums.read()).loss / 4);
      }
    });
    // PyTorch's own float32 is within 1.3e-6 of its float64, and within 4e-7 for weights.
    assertClose(losses, facts.losses.map(({ total }) => total), 1e-5, "losses");
    for (const { name: tensorName, tensor } of model.state()) {
      const { data } = await toFile(tensor);
      const slice = golden.slice(`${name}/${tensorName}`);
      assertClose(data.subarray(0, slice.length), slice, 4e-6, tensorName);
    }
    sums.dispose();
    optimiser.dispose();
    model.dispose();
  });
}

/** Has ADL's layers take these branches, one after the other, instead of drawing them. */
async function withBranches(
  branches: readonly ("drop" | "importance")[],
  body: () => Promise<void>,
): Promise<void> {
  const own = AttentionDropout.prototype.forward;
  const left = [...branches];
  AttentionDropout.prototype.forward = function (u: Tensor): Tensor {
    return this.apply(u, left.shift() === "drop" ? "drop" : "stress");
  };
  try {
    await body();
  } finally {
    AttentionDropout.prototype.forward = own;
  }
}
