import { backward } from "../../../engine/autograd.ts";
import type { Gpu } from "../../../engine/gpu.ts";
import { Tensor } from "../../../engine/tensor.ts";
import { BatchMaps } from "../../../eval/maps/batch_maps.ts";
import { upscale } from "../../../eval/maps/upscale.ts";
import { ownKind } from "../../../eval/maps/kinds.ts";
import { minMax } from "../../../eval/measures/min_max.ts";
import { AttentionDropout } from "../../../model/attention_dropout.ts";
import { type Architecture, backboneKind } from "../../../model/backbones/list.ts";
import { buildModel } from "../../../model/build.ts";
import type { Classifier } from "../../../model/classifier.ts";
import type { Method } from "../../../model/methods.ts";
import { placesOf } from "../../../model/stored/backbone_fit.ts";
import { fromBenchmark } from "../../../model/stored/benchmark_names.ts";
import { type OpenedModel, readModel } from "../../../model/stored/open_model.ts";
import type { StoredTensor } from "../../../weights/host_tensor.ts";
import { toFile } from "../../../weights/layout.ts";
import type { StateFile } from "../../../weights/state_file.ts";
import { gpuTest } from "../../gpu.ts";
import { assertRelative } from "../../reference/check.ts";
import { readGolden } from "../../reference/golden.ts";
import { hashedWeight } from "../../reference/hashed_weights.ts";
import { cut, readPhotograph } from "../../reference/photograph.ts";

/** What make_rivals.py says of a case. */
interface Case {
  readonly arch: Architecture;
  readonly method: Method;
  readonly large: boolean;
  readonly options: {
    readonly threshold?: number;
    readonly thresholds?: readonly (readonly [high: number, low: number])[];
  };
  readonly side: number;
  readonly cuts: readonly (readonly [number, number])[];
  readonly labels: readonly number[];
  /** The state dict by the benchmark's names. */
  readonly state: readonly (readonly [name: string, shape: readonly number[]])[];
  /** Scale and shift of some of its tensors. */
  readonly adjust: Readonly<Record<string, readonly [number, number]>>;
  readonly layers: readonly string[];
  readonly losses: Readonly<Record<string, number>>;
  readonly score_stride: number;
  /** ADL in training: with the importance, and with the drop mask. */
  readonly branches: Readonly<Record<string, Pick<Case, "losses">>>;
}

const golden = await readGolden("rivals");
const photograph = await readPhotograph();

for (const [prefix, value] of Object.entries(golden.cases)) {
  const facts = value as unknown as Case;
  gpuTest(`PyTorch: a checkpoint of the WSOL benchmark, ${prefix}`, async (gpu) => {
    const { arch, method, large, side, cuts, labels } = facts;
    const file = fileOf(facts);
    const opened = await readModel(gpu, file, {
      ...{ method, largeFeatureMap: large, say() {} },
      ...(method === "acol" && { acolThreshold: facts.options.threshold }),
    });
    const model = await withCuts(gpu, opened, facts);
    const images = cut(photograph, side, cuts);

    const maps = new BatchMaps(model, { images, size: 2, indices: Uint32Array.of(0, 1) });
    const kind = ownKind(method);
    const found = await maps.of(kind, labels.map((label) => [label]));
    const own = labels.map((label, n) => found(n, label));
    const last = model.parameters().find(({ name }) => name === "conv_last.weight")?.tensor;
    const bias = model.parameters().find(({ name }) => name === "conv_last.bias")?.tensor;
    // The benchmark's map of CAM is the mean over channels and leaves the bias out.
    const isMean = bias !== undefined && !arch.startsWith("inception");
    const biases = isMean ? await bias.read() : null;
    const values = own.flatMap(({ values }, n) =>
      Array.from(values, (value) => biases ? (value - biases[labels[n]]) / last!.shape[2] : value)
    );
    assertRelative(values, golden.slice(`${prefix}/map`), 1e-4, "maps");
    const scores = own.flatMap((map) => everyNth(minMax(upscale(map, side, "cubic")), side, facts));
    assertRelative(scores, golden.slice(`${prefix}/scores`), 1e-4, "scores");

    model.setTraining(false);
    await compare(gpu, model, { facts, images, prefix, losses: facts.losses });
    for (const [branch, { losses }] of Object.entries(facts.branches)) {
      const apply = AttentionDropout.prototype.forward;
      // A file does not say at which threshold it was trained, and only training uses it.
      const layer = new AttentionDropout(0, { rate: 0, threshold: facts.options.threshold! });
      AttentionDropout.prototype.forward = (u) =>
        layer.apply(u, branch === "drop" ? "drop" : "stress");
      try {
        await compare(gpu, model, { facts, images, prefix: `${prefix}/${branch}`, losses });
      } finally {
        AttentionDropout.prototype.forward = apply;
      }
    }
    model.dispose();
  });
}

/** The model with SPG's thresholds of training, which a file does not say. */
async function withCuts(
  gpu: Gpu,
  { model, options }: OpenedModel,
  { options: { thresholds } }: Case,
) {
  const cuts = thresholds?.map(([high, low]) => ({ high, low }));
  if (!cuts) return model;
  const other = buildModel(gpu, { ...options, spgCuts: [cuts[0], cuts[1], cuts[2]] }, 0);
  const places = [...other.state()];
  for (const [i, { tensor }] of [...model.state()].entries()) {
    places[i].tensor.write(await tensor.read());
  }
  model.dispose();
  return other;
}

/** Loss and gradients. */
async function compare(gpu: Gpu, model: Classifier, { facts, images, prefix, losses }: {
  readonly facts: Case;
  readonly images: Float32Array<ArrayBuffer>;
  readonly prefix: string;
  readonly losses: Case["losses"];
}): Promise<void> {
  const { side, labels } = facts;
  const loss = gpu.scope(() => {
    const x = Tensor.fromPadded(gpu, images, [2, side, side, 3]);
    const y = Tensor.from(gpu, labels, [2], "u32");
    const loss = model.loss(model.forward(x), y);
    backward(loss);
    return loss;
  });
  assertRelative(await loss.read(), [losses.total], 1e-5, `${prefix} loss`);
  loss.dispose();
  const ours = ourNames(facts, model);
  for (const { name, tensor } of model.parameters()) {
    const theirs = ours.get(name)!;
    if (facts.layers.includes(theirs)) {
      const { data } = await toFile(tensor.gradient!);
      const slice = golden.slice(`${prefix}/${theirs}.gradient`);
      // Below the last layers an input within 1e-7 of a ReLU's kink may fall on its other side.
      const isLast = /^(fc|classifier_|SPG_(A_?4|B_|C))/.test(theirs);
      const tolerance = isLast ? 1e-3 : 1e-2;
      assertRelative(data.subarray(0, slice.length), slice, tolerance, `${prefix} ${theirs}`);
    }
    tensor.gradient?.dispose();
    tensor.gradient = null;
  }
}

/** What the benchmark calls our tensors. */
function ourNames(facts: Case, model: Classifier): Map<string, string> {
  const { tensors } = fileOf(facts);
  const named = fromBenchmark(tensors)!.tensors;
  const aligned = backboneKind(facts.arch).rename?.(named, placesOf(model.backbone)) ?? named;
  const theirs = [...tensors.keys()];
  return new Map([...aligned.keys()].map((name, i) => [name, theirs[i]]));
}

function fileOf({ state, adjust, arch }: Case): StateFile {
  const tensors = state.map(([name, shape]): [string, StoredTensor] => [name, {
    type: "F32",
    shape,
    read() {
      const [scale, shift] = adjust[name] ?? [1, 0];
      const { data } = hashedWeight(name, shape);
      const values = name in adjust ? data.map((value) => value * scale + shift) : data;
      return Promise.resolve(new Uint8Array(values.buffer));
    },
  }]);
  return {
    ...{ path: "last_checkpoint.pth.tar", format: "PyTorch", size: 1, notes: [], close() {} },
    metadata: { architecture: arch },
    tensors: new Map(tensors),
  };
}

function everyNth(scores: Float64Array, side: number, { score_stride: stride }: Case): number[] {
  return [...scores].filter((_, i) =>
    i % side % stride === 0 && Math.floor(i / side) % stride === 0
  );
}
