import assert from "node:assert/strict";
import { BatchMaps } from "../../../eval/maps/batch_maps.ts";
import { centreMap } from "../../../eval/maps/centre.ts";
import type { AttributionMap } from "../../../eval/maps/explain.ts";
import type { AttributionKind } from "../../../eval/maps/kinds.ts";
import type { View } from "../../../eval/measures/evaluation.ts";
import { minMax } from "../../../eval/measures/min_max.ts";
import { ObjectLocalization } from "../../../eval/measures/wsol/object_localization.ts";
import type { ObjectMask } from "../../../eval/measures/wsol/object_mask.ts";
import type { Classifier } from "../../../model/classifier.ts";
import { boxesOf, BoxEvaluator, CutMap } from "../../../eval/measures/wsol/box_accuracy.ts";
import type { Box } from "../../../eval/measures/wsol/contours.ts";
import { readGolden } from "../../reference/golden.ts";

const golden = await readGolden("metrics");
type Cut = { readonly all: readonly Box[]; readonly largest: Box };

for (const [name, cuts] of Object.entries(golden.cases.boxes as unknown as Record<string, Cut[]>)) {
  Deno.test(`OpenCV: boxes of the contours of ${name} score maps at 20 thresholds`, () => {
    const scores = golden.slice(`boxes/${name}`);
    const side = Math.sqrt(scores.length);
    const levels = Uint8Array.from(scores, (score) => Math.trunc(Math.fround(score * 255)));
    const top = Math.max(...levels);
    for (const [t, expected] of cuts.entries()) {
      const cut = Math.trunc(t * 0.05 * top);
      const { all, largest } = boxesOf(levels.map((level) => level > cut ? 1 : 0), side);
      const unique = [...new Set(all.map((box) => box.join()))].sort();
      assert.deepEqual(unique, expected.all.map((box) => box.join()).sort(), `all, cut ${cut}`);
      assert.deepEqual(largest, expected.largest, `largest, cut ${cut}`);
    }
  });
}

Deno.test("MaxBoxAcc and V2: hits at the best threshold, by IoU level, over all pictures", () => {
  const cases = Object.entries(golden.cases.boxes as unknown as Record<string, Cut[]>)
    .filter(([name]) => name.endsWith("_wide"));
  const truth: Box[] = [[4, 6, 22, 27], [20, 2, 30, 12]];
  const iou = ([a, b, c, d]: Box, [e, f, g, h]: Box) => {
    const inside = (x: number, y: number, [x0, y0, x1, y1]: Box) =>
      x >= x0 && x <= x1 && y >= y0 && y <= y1;
    let [both, either] = [0, 0];
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        const [inA, inB] = [inside(x, y, [a, b, c, d]), inside(x, y, [e, f, g, h])];
        if (inA && inB) both++;
        if (inA || inB) either++;
      }
    }
    return both / either;
  };
  const best = (box: Box) => Math.max(...truth.map((other) => iou(box, other)));
  const options = { step: 0.05, top1: true };
  const evaluator = new BoxEvaluator(options);
  const halves = [new BoxEvaluator(options), new BoxEvaluator(options)];
  const isRight = (i: number) => i % 3 !== 1;
  for (const [i, [name]] of cases.entries()) {
    const scores = Float64Array.from(golden.slice(`boxes/${name}`));
    evaluator.add(scores, 32, truth, isRight(i));
    halves[i % 2].add(scores, 32, truth, isRight(i));
  }
  /** Of the best threshold for all pictures: how many are found, and rightly classified ones. */
  const share = (hit: (cut: Cut) => boolean) => {
    const found = Array.from(
      { length: 20 },
      (_, t) => [...cases.keys()].filter((i) => hit(cases[i][1][t])),
    );
    const most = found.reduce((a, b) => b.length > a.length ? b : a);
    return [most, most.filter(isRight)].map(({ length }) => length * 100 / cases.length);
  };
  const expected = [30, 50, 70].map((level) =>
    share(({ all }) => all.some((box) => best(box) >= level / 100))
  );
  const single = share(({ largest }) => best(largest) >= 0.5);
  const found = evaluator.compute();
  const top1 = found.top1!;
  assert.deepEqual([found[30], found[50], found[70]], expected.map(([all]) => all));
  assert.deepEqual([top1[30], top1[50], top1[70]], expected.map(([, right]) => right));
  assert.deepEqual([found.single50, top1.single50], single);
  assert.ok(expected[0][0] > expected[2][0], "the levels differ");
  assert.ok(top1[30] > 0 && top1[30] < found[30], "some are found, but not classified rightly");
  assert.ok(Math.abs(top1.mean - (top1[30] + top1[50] + top1[70]) / 3) < 1e-12);
  halves[0].merge(halves[1]);
  assert.deepEqual(halves[0].compute(), found);

  const elsewhere = evaluator.compute([19, 19, 19, 19]);
  assert.deepEqual(elsewhere.testOptimal, found, "beside what thresholds from elsewhere give");
  assert.ok(elsewhere[30] < found[30] && elsewhere.thresholds[30] === 19 * 0.05);
  assert.throws(() => evaluator.add(Float64Array.of(NaN), 1, truth), /A score is NaN, expected/);
});

const SIDE = 224;

/** What a batch of pictures is to a measure of localization. */
interface Pictures {
  readonly maps: Pick<BatchMaps, "of" | "explanations">;
  readonly labels: readonly number[];
  /** Of each picture: boxes, or none and a mask. */
  readonly boxes: readonly (readonly Box[])[];
  readonly mask?: ObjectMask;
}

async function localize(kind: AttributionKind, { maps, labels, boxes, mask }: Pictures) {
  const measure = new ObjectLocalization({ kind, step: 0.001, upscaling: "linear" });
  await measure.add({
    maps,
    batch: { labels: Uint32Array.from(labels) },
    ids: labels.map((_, n) => `${n}`),
    annotations: {
      boxes: (id: string) => Promise.resolve(boxes[Number(id)]),
      mask: () => Promise.resolve(mask),
    },
    once: <T>(_: string, make: () => T) => make(),
  } as unknown as View);
  return measure;
}

Deno.test("top-1 localization is of the true class's map, where the true class is predicted", async () => {
  // 1 in a rectangle: its box ends one pixel further, as OpenCV's.
  const rectangle = ([x0, y0, x1, y1]: Box): AttributionMap => ({
    width: SIDE,
    height: SIDE,
    values: Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
      return x >= x0 && x < x1 && y >= y0 && y < y1 ? 1 : 0;
    }),
  });
  const [found, half, elsewhere]: Box[] = [[20, 30, 90, 80], [20, 30, 55, 80], [
    150,
    150,
    200,
    200,
  ]];
  // Of the true class y the map is here, of all others elsewhere.
  const pictures: readonly (readonly [label: number, predicted: number, map: Box])[] = [
    [0, 0, found],
    [1, 2, found],
    [2, 2, half],
    [1, 1, elsewhere],
    [0, 1, half],
  ];
  const measure = await localize("joint", {
    labels: pictures.map(([label]) => label),
    boxes: pictures.map(() => [found]),
    maps: {
      of: () =>
        Promise.resolve((n, label) =>
          rectangle(label === pictures[n][0] ? pictures[n][2] : elsewhere)
        ),
      explanations: () =>
        Promise.resolve(
          pictures.map(([, predicted]) => ({ predicted, probabilities: null!, map: null! })),
        ),
    },
  });
  const { boxes } = measure.result();
  // The half's box is 36 of 71 columns wide: ends count, too.
  const count = (levels: readonly number[]) => ({
    "30": 20 * levels[0],
    "50": 20 * levels[1],
    "70": 20 * levels[2],
    mean: 20 * (levels[0] + levels[1] + levels[2]) / 3,
    single50: 20 * levels[1],
  });
  const { thresholds: _, top1, testOptimal, ...known } = boxes!;
  assert.deepEqual(known, count([4, 4, 2]));
  assert.deepEqual(top1, count([2, 2, 1]));
  assert.equal(testOptimal, null);
  const again = new ObjectLocalization({ kind: "joint", step: 0.001, upscaling: "linear" });
  again.merge(JSON.parse(JSON.stringify(measure.tally())));
  assert.deepEqual(again.result(), measure.result(), "through counts");
});

/** Maps of pictures that no model may be asked of. */
function withoutModel(size: number): BatchMaps {
  const model = new Proxy({}, {
    get(_, name) {
      throw new Error(`The model was asked for ${String(name)}`);
    },
  }) as Classifier;
  return new BatchMaps(model, {
    images: new Float32Array(0),
    size,
    indices: new Uint32Array(size),
  });
}

Deno.test("centre baseline: squares around the middle, without a pass through the network", async () => {
  // Squares of sides a < b around the middle; a square of side c between them overlaps with both by
  // t or more while b √t ≤ c ≤ a / √t, which is possible up to t = a / b.
  const square = (side: number): Box => {
    const from = (SIDE - side) / 2;
    return [from, from, from + side - 1, from + side - 1];
  };
  for (const [a, b, levels] of [[80, 150, [100, 100, 50]], [80, 200, [100, 50, 50]]] as const) {
    const boxes = [[square(a)], [square(b)]];
    const measure = await localize("centre", { labels: [0, 1], boxes, maps: withoutModel(2) });
    const { boxes: found } = measure.result();
    assert.deepEqual([found![30], found![50], found![70]], levels, `${a} / ${b}`);
    assert.equal(found!.single50, levels[1]);
    assert.equal(found!.top1, null, "nothing is classified");
  }
});

Deno.test("centre baseline: there is a threshold for a square of every size from 60 pixels on", () => {
  const cuts = new CutMap(minMax(Float64Array.from(centreMap().values)), SIDE);
  const found = new Set(
    Array.from({ length: 255 }, (_, cut) => {
      const { all: [[x0, y0, x1, y1], ...others] } = cuts.boxesAbove(cut);
      assert.ok(others.length === 0 && x0 === y0 && x1 === y1, "one square");
      return x1 - x0;
    }),
  );
  for (let side = 60; side < SIDE - 1; side += 2) assert.ok(found.has(side), `${side}`);
});

Deno.test("centre baseline: a disc in the middle is ranked first", async () => {
  const inside = (x: number, y: number) => Number(Math.hypot(x - 111.5, y - 111.5) < 60);
  const mask: ObjectMask = {
    inside: Uint8Array.from(
      { length: SIDE * SIDE },
      (_, i) => inside(i % SIDE, Math.floor(i / SIDE)),
    ),
    ignored: null,
  };
  const pictures = { labels: [0], boxes: [[]], maps: withoutModel(1), mask };
  const { pxap, boxes } = (await localize("centre", pictures)).result();
  // Only pixels in the bin of the disc's edge are in doubt, one of a thousand.
  assert.ok(pxap! > 99.8 && boxes === null, `${pxap}`);
});
