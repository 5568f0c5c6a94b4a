import assert from "node:assert/strict";
import { drawMixing, mix } from "../../data/cutmix.ts";
import { drawHidden, hideCells } from "../../data/hide_and_seek.ts";
import { Random } from "../../engine/random.ts";

const at = { seed: 3, epoch: 2, index: 5 };

Deno.test("HaS: cells by the picture, hidden at their rate", () => {
  const options = { sizes: [4], rate: 0.3 };
  const first = drawHidden(options, 30, at);
  assert.equal(first.hidden.length, 8 * 8);
  assert.deepEqual(drawHidden(options, 30, at), first);
  assert.notDeepEqual(drawHidden(options, 30, { ...at, epoch: 3 }), first);
  const many = Array.from({ length: 200 }, (_, index) => drawHidden(options, 30, { ...at, index }));
  const share = many.flatMap(({ hidden }) => hidden).filter(Boolean).length / (200 * 64);
  assert.ok(Math.abs(share - 0.3) < 5 * Math.sqrt(0.3 * 0.7 / (200 * 64)), `${share}`);
  const sizes = Array.from(
    { length: 200 },
    (_, index) => drawHidden({ sizes: [0, 16, 44], rate: 0.5 }, 64, { ...at, index }).size,
  );
  assert.deepEqual([...new Set(sizes)].sort((a, b) => a - b), [0, 16, 44]);
});

Deno.test("HaS: what is hidden becomes zero in all channels, edges cut", () => {
  const images = new Float32Array(2 * 5 * 5 * 4).fill(1);
  // 3-pixel cells of 5 pixels: the right and lower ones are 2 wide.
  const hidden = [[false, true, false, false], [false, false, true, true]];
  hideCells({ images, size: 2 }, (n) => ({ size: 3, hidden: hidden[n] }));
  for (let i = 0; i < images.length; i++) {
    const [n, y, x] = [Math.floor(i / 100), Math.floor(i / 20) % 5, Math.floor(i / 4) % 5];
    const cell = 2 * Number(y >= 3) + Number(x >= 3);
    assert.equal(images[i], hidden[n][cell] ? 0 : 1, `picture ${n}, ${y}, ${x}`);
  }
  const untouched = images.slice();
  hideCells({ images, size: 2 }, () => ({ size: 0, hidden: [] }));
  assert.deepEqual(images, untouched);
});

Deno.test("CutMix: a rectangle of the partner, and the share that is left", () => {
  const extent = 6;
  const images = Float32Array.from({ length: 3 * extent ** 2 * 4 }, (_, i) => i);
  const batch = { images, labels: Uint32Array.of(7, 8, 9), size: 3 };
  const partners = Uint32Array.of(2, 0, 1);
  const { images: mixed, mixed: { labels, share } } = mix(batch, { partners, box: [1, 2, 4, 6] });
  assert.deepEqual([...labels], [9, 7, 8]);
  assert.equal(share, 1 - 3 * 4 / 36);
  for (let i = 0; i < mixed.length; i++) {
    const [n, place] = [Math.floor(i / 144), i % 144];
    const [y, x] = [Math.floor(place / 24), Math.floor(place / 4) % 6];
    const isPartner = x >= 1 && x < 4 && y >= 2;
    assert.equal(mixed[i], images[(isPartner ? partners[n] : n) * 144 + place]);
  }
});

Deno.test("CutMix: counted by the batch, applied at its probability, boxes within the picture", () => {
  const batch = { seed: 1, epoch: 1, batch: 0 };
  const sizes = { size: 8, extent: 20 };
  const one = { beta: 1, probability: 1 };
  assert.deepEqual(drawMixing(one, sizes, batch), drawMixing(one, sizes, batch));
  const draws = Array.from(
    { length: 400 },
    (_, number) => drawMixing({ beta: 1, probability: 0.25 }, sizes, { ...batch, batch: number }),
  );
  const share = draws.filter((draw) => draw !== null).length / 400;
  assert.ok(Math.abs(share - 0.25) < 5 * Math.sqrt(0.25 * 0.75 / 400), `${share}`);
  for (const draw of draws) {
    if (!draw) continue;
    const [left, top, right, bottom] = draw.box;
    assert.ok(
      0 <= left && left <= right && right <= 20 && 0 <= top && top <= bottom && bottom <= 20,
    );
    assert.deepEqual([...draw.partners].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  }
  assert.equal(drawMixing({ beta: 0, probability: 1 }, sizes, batch), null);
  assert.equal(drawMixing({ beta: 1, probability: 0 }, sizes, batch), null);
});

Deno.test("beta distribution: mean and variance, also of tiny parameters", () => {
  for (const [a, b] of [[1, 1], [0.04, 0.04], [1.35, 1.35], [2, 5]]) {
    const random = Random.of(9, a * 100, b * 100);
    const draws = Array.from({ length: 20_000 }, () => random.beta(a, b));
    assert.ok(draws.every((value) => value >= 0 && value <= 1));
    const mean = draws.reduce((x, y) => x + y) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    const expected = a * b / ((a + b) ** 2 * (a + b + 1));
    // Five standard errors.
    assert.ok(Math.abs(mean - a / (a + b)) < 5 * Math.sqrt(expected / draws.length), `${mean}`);
    assert.ok(Math.abs(variance / expected - 1) < 0.06, `${variance}, expected ${expected}`);
  }
});
