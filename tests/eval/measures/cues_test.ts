import assert from "node:assert/strict";
import type { KeyPoint } from "../../../data/cub_annotations.ts";
import { resizeLikePillow } from "../../../data/resize.ts";
import { Random } from "../../../engine/random.ts";
import { classPairs, partsOfAttribute } from "../../../eval/measures/cues/class_pairs.ts";
import { partMap, SIDE } from "../../../eval/measures/cues/part_map.ts";
import { gpuTest } from "../../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "../../cli/calm.ts";

Deno.test("an attribute's name says the parts it is about", () => {
  for (
    const [name, parts] of [
      ["has_bill_shape::dagger", [1]],
      ["has_eye_color::red", [1]],
      ["has_back_pattern::striped", [2]],
      ["has_belly_color::white", [3]],
      ["has_breast_pattern::spotted", [4]],
      ["has_under_tail_color::grey", [5]],
      ["has_leg_color::buff", [6]],
      ["has_wing_shape::long-wings", [7]],
      ["has_size::small_(5_-_9_in)", []],
      ["has_primary_color::blue", []],
      ["has_head_pattern::eyebrow", [1]],
      ["has_shape::upright-perching_water-like", []],
    ] as const
  ) {
    assert.deepEqual(partsOfAttribute(name), [...parts], name);
  }
});

Deno.test("pairs: the parts of attributes that one class has and the other has not", () => {
  const names = ["has_size::large", "has_wing_color::red", "has_belly_color::red", "has_crown::x"];
  const percentages = [[90, 50, 0, 10], [0, 49.9, 0, 49], [0, 80, 70, 60], [0, 0, 0, 0]]
    .map((row) => Float64Array.from(row));
  assert.deepEqual(classPairs({ names, percentages }), [
    { classes: [0, 1], parts: [7] },
    { classes: [0, 2], parts: [1, 3] },
    { classes: [0, 3], parts: [7] },
    { classes: [1, 2], parts: [1, 3, 7] },
    { classes: [2, 3], parts: [1, 3, 7] },
  ]);
  assert.equal(classPairs({ names, percentages }, 1).length, 2);
});

Deno.test("part maps agree with a construction from the paper's words, in float64", () => {
  const random = Random.of(31);
  for (let round = 0; round < 4; round++) {
    const [width, height] = [200 + random.int(300), 200 + random.int(300)];
    const points = new Map<number, KeyPoint>();
    for (let part = 1; part <= 15; part++) {
      if (random.chance(0.7)) {
        points.set(part, [random.uniform(0, width), random.uniform(0, height)]);
      }
    }
    const data = new Uint8Array(3 * width * height);
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [i % width / width - 0.5, Math.floor(i / width) / height - 0.5];
      if (x * x + y * y < 0.15) data.fill(200, 3 * i, 3 * i + 3);
    }
    const segmentation = { width, height, data };
    const { parts, visible } = partMap(points, segmentation)!;

    const scaled = (number: number) =>
      points.has(number)
        ? [[points.get(number)![0] / width * 224, points.get(number)![1] / height * 224]]
        : [];
    const head = [2, 5, 6, 7, 10, 11, 15].flatMap(scaled);
    const centre = head.length > 0
      ? [[0, 1].map((axis) => head.reduce((sum, at) => sum + at[axis], 0) / head.length)]
      : [];
    const regions = [centre, scaled(1), scaled(3), scaled(4), scaled(14)]
      .map((list, i) => ({ part: i + 1, list }))
      .concat([
        { part: 6, list: [...scaled(8), ...scaled(12)] },
        { part: 7, list: [...scaled(9), ...scaled(13)] },
      ]);
    const anchors = regions.flatMap(({ part, list }) =>
      list.map(([x, y]) => ({ part, x: Math.trunc(x), y: Math.trunc(y) }))
    );
    assert.deepEqual([...visible].sort(), [...new Set(anchors.map(({ part }) => part))].sort());
    const bird = resizeLikePillow(segmentation, 224, 224, "bicubic").data;
    for (let i = 0; i < SIDE * SIDE; i += 7) {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
      const distances = anchors.map((at) => (at.x - x) ** 2 + (at.y - y) ** 2);
      const nearest = anchors[distances.indexOf(Math.min(...distances))];
      assert.equal(parts[i], bird[3 * i] > 0 ? nearest.part : 0, `pixel ${x}, ${y}`);
    }
  }
  const black = { width: 9, height: 9, data: new Uint8Array(243) };
  assert.equal(partMap(new Map(), black), null);
});

gpuTest("eval cue-localization scores pairs of birds, each picture once", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out", out];
    assert.equal((await calm(train)).code, 0);
    const checkpoint = ["--checkpoint", `${out}/checkpoint.safetensors`, "--data", data];
    const evaluate = async (...options: string[]) => {
      const run = await calm(["eval", "cue-localization", ...checkpoint, ...options, "--json"]);
      assert.equal(run.code, 0, run.stderr);
      return JSON.parse(run.stdout.trimEnd().split("\n").at(-1)!);
    };
    const scores = await evaluate();
    const only = await calm(["eval", "cue-localization", "--data", data, "--pairs-only", "--json"]);
    assert.deepEqual(JSON.parse(only.stdout).pairs, scores.pairs);
    assert.equal(scores.images, 12);
    const values = scores.pair_scores.map(({ pxap }: { pxap: number }) => pxap);
    assert.ok(values.every((value: number) => value > 0 && value < 100));
    const mean = values.reduce((a: number, b: number) => a + b) / values.length;
    assert.ok(Math.abs(scores.mpxap.mean - mean) < 1e-9);
    // The slip of the official evaluator: a "pair" is all pairs so far.
    const official = await evaluate("--compat-official");
    assert.notDeepEqual(official.mpxap, scores.mpxap);

    await Deno.remove(`${data}/parts/part_locs.txt`);
    await refuses(["eval", "cue-localization", ...checkpoint], /part_locs\.txt cannot be read/);
    await Deno.remove(`${data}/attributes/attributes.txt`);
    await refuses(["eval", "cue-localization", ...checkpoint], /has no attributes\.txt, neither/);
  });
});
