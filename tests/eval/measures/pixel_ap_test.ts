import assert from "node:assert/strict";
import { resizeLikePillow } from "../../../data/resize.ts";
import { PixelAp } from "../../../eval/measures/pixel_ap.ts";
import { upscale, UPSCALINGS } from "../../../eval/maps/upscale.ts";
import { assertClose } from "../../reference/check.ts";
import { readGolden } from "../../reference/golden.ts";

const golden = await readGolden("metrics");
const mask = golden.slice("mask");

for (
  const [name, expected] of Object.entries(
    golden.cases.ap as Record<string, Record<string, number>>,
  )
) {
  Deno.test(`numpy: pixel-wise average precision of ${name} score maps`, () => {
    const scores = Float64Array.from(golden.slice(`scores/${name}`));
    for (
      const [key, options] of [
        ["even", { thresholds: "even" }],
        ["log", { thresholds: "log" }],
        ["log_dropped", { thresholds: "log", dropLowest: true }],
        ["even_coarse", { thresholds: "even", step: 0.07 }],
        ["log_coarse", { thresholds: "log", step: 0.07 }],
      ] as const
    ) {
      const ap = new PixelAp(options);
      ap.add(scores, (i) => mask[i] === 1);
      // Where all pixels are dropped there is nothing to retrieve.
      if (name === "zeros" && key === "log_dropped") assert.ok(Number.isNaN(ap.compute()));
      else assertClose([ap.compute()], [expected[key]], 1e-9, key);
    }
  });
}

Deno.test("pixel-wise AP: parts merged are exactly the whole; bad scores are refused", () => {
  const scores = Float64Array.from(golden.slice("scores/random"));
  const whole = new PixelAp({ thresholds: "log" });
  const [a, b] = [new PixelAp({ thresholds: "log" }), new PixelAp({ thresholds: "log" })];
  whole.add(scores, (i) => mask[i] === 1);
  a.add(scores.subarray(0, 300), (i) => mask[i] === 1);
  b.add(scores.subarray(300), (i) => mask[300 + i] === 1);
  a.merge(b);
  assert.equal(a.compute(), whole.compute());
  for (const bad of [NaN, -0.1, 1.1, Infinity]) {
    assert.throws(() => whole.add(Float64Array.of(bad), () => true), /A score is .*from 0 to 1/);
  }
});

Deno.test("Pillow: bicubic resize to the last bit", () => {
  const grey = golden.slice("bicubic/source");
  const data = Uint8Array.from({ length: 3 * grey.length }, (_, i) => grey[Math.floor(i / 3)]);
  for (const name of golden.names("bicubic/")) {
    const [width, height] = name.slice("bicubic/".length).split("x").map(Number);
    if (!height) continue;
    const resized = resizeLikePillow({ width: 30, height: 40, data }, width, height, "bicubic");
    assert.deepEqual(
      resized.data.filter((_, i) => i % 3 === 1),
      Uint8Array.from(golden.slice(name)),
    );
  }
});

Deno.test("OpenCV: maps are scaled up as by INTER_LINEAR and INTER_CUBIC", () => {
  const map = { width: 5, height: 7, values: Float32Array.from(golden.slice("upscale/source")) };
  assertClose(upscale(map, 32), golden.slice("upscale/32"), 1e-6, "linear");
  assertClose(upscale(map, 32, "cubic"), golden.slice("upscale/cubic"), 1e-6, "cubic");
  const plateau = { width: 3, height: 2, values: new Float32Array(6).fill(0.1) };
  for (const how of UPSCALINGS) {
    assert.ok(upscale(plateau, 17, how).every((value) => value === plateau.values[0]), how);
  }
});
