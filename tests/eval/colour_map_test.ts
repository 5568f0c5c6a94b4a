import assert from "node:assert/strict";
import {
  COLOUR_MAP_NAMES,
  COLOUR_MAPS,
  type ColourMapName,
  coloursFor,
  redBlue,
} from "../../eval/pictures/colour_map.ts";
import { overlay } from "../../eval/pictures/overlay.ts";

/** Colours at 0, ¼, ½, ¾ and 1, from the published tables of 256 colours. */
const PUBLISHED: Readonly<Record<ColourMapName, readonly (readonly number[])[]>> = {
  inferno: [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]],
  magma: [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]],
  viridis: [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]],
  turbo: [[35, 23, 27], [38, 188, 225], [149, 251, 81], [255, 130, 29], [144, 12, 0]],
  jet: [[0, 0, 128], [0, 128, 255], [128, 255, 128], [255, 128, 0], [128, 0, 0]],
  grey: [[0, 0, 0], [64, 64, 64], [128, 128, 128], [191, 191, 191], [255, 255, 255]],
};

Deno.test("the colour maps have their published colours", () => {
  assert.equal(COLOUR_MAP_NAMES[0], "inferno", "the default");
  for (const name of COLOUR_MAP_NAMES) {
    for (const [i, expected] of PUBLISHED[name].entries()) {
      const colour = COLOUR_MAPS[name](i / 4);
      // Between supporting points colours are mixed, up to 5 levels from the tables.
      for (const c of [0, 1, 2]) {
        assert.ok(Math.abs(colour[c] - expected[c]) <= 5, `${name} ${i / 4}: ${colour}`);
      }
    }
    assert.deepEqual(COLOUR_MAPS[name](7), COLOUR_MAPS[name](1), `${name} beyond its end`);
    assert.deepEqual(COLOUR_MAPS[name](-7), COLOUR_MAPS[name](0), `${name} before its start`);
  }
});

Deno.test("all colour maps but the rainbows grow brighter all the way", () => {
  const luminance = ([r, g, b]: readonly number[]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  for (const name of ["inferno", "magma", "viridis", "grey"] as const) {
    for (let i = 1; i <= 50; i++) {
      const [before, here] = [i - 1, i].map((step) => luminance(COLOUR_MAPS[name](step / 50)));
      assert.ok(here > before, `${name} ${i / 50}`);
    }
  }
});

Deno.test("values with signs are red and blue, whatever the colour map", () => {
  assert.equal(coloursFor(true, "jet"), redBlue);
  assert.equal(coloursFor(false, "jet"), COLOUR_MAPS.jet);
  assert.equal(coloursFor(false), COLOUR_MAPS.inferno);
});

Deno.test("an overlay has the opacity and the maximum that are asked for", () => {
  const picture = { width: 1, height: 1, data: Uint8Array.of(100, 100, 100) };
  const drawn = (value: number, top: number, ...looks: [ColourMapName?, number?]) => {
    const map = { width: 1, height: 1, values: Float32Array.of(value) };
    return [...overlay(picture, map, top, COLOUR_MAPS[looks[0] ?? "inferno"], looks[1]).data];
  };
  assert.deepEqual(drawn(0, 1, "grey"), [38, 38, 38], "the picture shines through");
  assert.deepEqual(drawn(0.5, 1, "grey", 0), [100, 100, 100], "the picture alone");
  assert.deepEqual(drawn(0.5, 1, "grey", 1), [128, 128, 128], "the map alone");
  assert.deepEqual(drawn(0.5, 1, "jet", 1), [128, 255, 128]);
  assert.deepEqual(drawn(0.5, 2, "grey", 1), [64, 64, 64]);
  assert.deepEqual(drawn(5, 2, "grey", 1), [255, 255, 255], "beyond the maximum");
});
