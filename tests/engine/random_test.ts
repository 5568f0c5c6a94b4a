import assert from "node:assert/strict";
import { Random } from "../../engine/random.ts";

Deno.test("random: xoshiro128** gives the published sequence of its state", () => {
  // First outputs for the state 1, 2, 3, 4, worked out by hand from the reference algorithm:
  // rotl(2·5, 7)·9 = 11520; then s = (7, 0, 1026, 12288), so rotl(0·5, 7)·9 = 0.
  const random = Random.from([1, 2, 3, 4]);
  assert.equal(random.bits(), 11520);
  assert.deepEqual(random.state(), [7, 0, 1026, 12288]);
  assert.equal(random.bits(), 0);
});

Deno.test("random: streams of a seed differ, and are the same every time", () => {
  const draw = (...stream: number[]) => Random.of(1, ...stream).bits();
  const streams = [draw(), draw(0), draw(1), draw(0, 1), draw(1, 0)];
  assert.equal(new Set(streams).size, streams.length);
  assert.equal(draw(3, 4), draw(3, 4));
  assert.notEqual(Random.of(2).bits(), Random.of(2 + 2 ** 32).bits());
});

Deno.test("random: uniform and normal draws have their moments", () => {
  const random = Random.of(5);
  const n = 100_000;
  const moments = (draw: () => number) => {
    const values = Array.from({ length: n }, draw);
    const mean = values.reduce((a, b) => a + b) / n;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
  };
  // Five standard errors of each estimate.
  const [uniformMean, uniformVariance] = moments(() => random.uniform());
  assert.ok(Math.abs(uniformMean - 0.5) < 5 * Math.sqrt(1 / 12 / n));
  assert.ok(Math.abs(uniformVariance - 1 / 12) < 5 * Math.sqrt(1 / 180 / n));
  const [normalMean, normalVariance] = moments(() => random.normal(2, 3));
  assert.ok(Math.abs(normalMean - 2) < 5 * 3 / Math.sqrt(n));
  assert.ok(Math.abs(normalVariance - 9) < 5 * 9 * Math.sqrt(2 / n));
});

Deno.test("random: a permutation holds every integer once", () => {
  const order = Random.of(6).permutation(1000);
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
});
