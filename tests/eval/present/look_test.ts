import assert from "node:assert/strict";
import { COLOUR_MAPS, colourMap, inferno } from "../../../eval/present/pictures/colour_map.ts";
import { DEFAULT_LOOK, topOf } from "../../../eval/present/pictures/look.ts";
import { overlay } from "../../../eval/present/pictures/overlay.ts";

const map = (...values: number[]) => ({
  width: values.length,
  height: 1,
  values: Float32Array.from(values),
});

Deno.test("colour maps are Matplotlib's at their supporting points and between", () => {
  assert.deepEqual(COLOUR_MAPS, ["inferno", "magma", "viridis", "turbo", "jet", "grey"]);
  assert.deepEqual(colourMap("viridis")(0), [68, 1, 84]);
  assert.deepEqual(colourMap("viridis")(0.5), [33, 145, 140]);
  assert.deepEqual(colourMap("turbo")(1), [122, 4, 3]);
  assert.deepEqual(colourMap("turbo")(0.5), [164, 252, 60]);
  assert.deepEqual(colourMap("jet")(0.25), [0, 128, 255]);
  assert.deepEqual(colourMap("jet")(0.8125), [255, 64, 0], "green: 1.5 − |4 · 0.8125 − 2|");
  assert.deepEqual(colourMap("magma")(2), [252, 253, 191], "what is above is cut off");
  assert.deepEqual(colourMap("grey")(0.25), [64, 64, 64]);
  for (let i = 0; i <= 20; i++) {
    assert.deepEqual(colourMap("inferno")(i / 20), inferno(i / 20));
  }
});

Deno.test("the brightest colour: a map's own, that of all that are compared, or the user's", () => {
  const [weak, strong] = [map(0, 0.001), map(0.4, 0.1)];
  assert.equal(topOf(weak, [strong], DEFAULT_LOOK, false), Math.fround(0.001));
  assert.equal(
    topOf(weak, [strong], { ...DEFAULT_LOOK, scale: "shared" }, false),
    Math.fround(0.4),
  );
  assert.equal(topOf(weak, [strong], { ...DEFAULT_LOOK, top: 2 }, false), 2);
  assert.equal(topOf(map(-3, 1), [], DEFAULT_LOOK, true), 3);
  assert.equal(topOf(map(-3, 1), [], DEFAULT_LOOK, false), 1);
});

Deno.test("opacity: from the picture in its colours to the map alone", () => {
  const picture = { width: 2, height: 1, data: Uint8Array.of(200, 100, 0, 10, 20, 30) };
  const drawn = (
    opacity: number,
  ) => [...overlay(picture, map(0, 1), 1, colourMap("grey"), opacity).data];
  assert.deepEqual(drawn(0), [...picture.data]);
  assert.deepEqual(drawn(1), [0, 0, 0, 255, 255, 255]);
  assert.deepEqual(drawn(0.5), [100, 50, 0, 133, 138, 143]);
});
