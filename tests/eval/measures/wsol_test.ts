import assert from "node:assert/strict";
import { boxesOf, BoxEvaluator } from "../../../eval/measures/wsol/box_accuracy.ts";
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
  const evaluator = new BoxEvaluator({ step: 0.05 });
  const halves = [new BoxEvaluator({ step: 0.05 }), new BoxEvaluator({ step: 0.05 })];
  for (const [i, [name]] of cases.entries()) {
    const scores = Float64Array.from(golden.slice(`boxes/${name}`));
    evaluator.add(scores, 32, truth);
    halves[i % 2].add(scores, 32, truth);
  }
  const share = (hit: (cut: Cut) => boolean) =>
    Math.max(
      ...Array.from({ length: 20 }, (_, t) => cases.filter(([, cuts]) => hit(cuts[t])).length),
    ) * 100 / cases.length;
  const expected = [30, 50, 70].map((level) =>
    share(({ all }) => all.some((box) => best(box) >= level / 100))
  );
  const found = evaluator.compute();
  assert.deepEqual([found[30], found[50], found[70]], expected);
  assert.equal(found.single50, share(({ largest }) => best(largest) >= 0.5));
  assert.ok(expected[0] > expected[2], "the levels differ");
  halves[0].merge(halves[1]);
  assert.deepEqual(halves[0].compute(), found);
  assert.throws(() => evaluator.add(Float64Array.of(NaN), 1, truth), /A score is NaN, expected/);
});
