/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { decodePicture } from "../../data/codecs.ts";
import type { AttributionKind } from "../../eval/maps/kinds.ts";
import { colourMap, type ColourMapName } from "../../eval/present/pictures/colour_map.ts";
import { DEFAULT_LOOK, type Look, peakOf, topOf } from "../../eval/present/pictures/look.ts";
import { overlay } from "../../eval/present/pictures/overlay.ts";
import type { Examination } from "../../viewer/page/examination.ts";
import { number } from "../../viewer/page/words.ts";
import { browserTest, column, saved, settled, showing } from "./browser.ts";
import { examineHere, samplePng } from "./deno_side.ts";
import { Buffer } from "node:buffer";

const SAMPLE = "white-striped-brookfinch";

/** Opens a sample as PNG, of which every decoder makes the same. */
async function openPng(page: Page): Promise<Parameters<typeof examineHere>[0]> {
  const { picture, png } = await samplePng(SAMPLE);
  await settled(page);
  const file = { name: "chosen.png", mimeType: "image/png", buffer: Buffer.from(png) };
  await page.setInputFiles("#picture-file", file);
  await showing(page, "chosen.png");
  return picture;
}

/** The last number at a bar. */
const top = async (page: Page) => (await page.locator("#ticks span").allInnerTexts()).at(-1);

/** The map over the picture as the page shows it, as RGB. */
async function shownMap(page: Page): Promise<Uint8Array> {
  const url = await page.locator("#map").evaluate((map) => (map as HTMLCanvasElement).toDataURL());
  return (await decodePicture(Uint8Array.fromBase64(url.split(",")[1]), "map.png")).data;
}

/** What the page should show. */
async function drawnHere(examination: Examination, label: number, look: Look) {
  const choice = { kind: "joint" as AttributionKind, label, against: 0, superset: [] };
  const map = await examination.map(choice);
  const rivals = look.scale === "shared" ? await examination.rivals(choice) : [];
  const brightest = topOf(map, rivals, look, false);
  const colours = colourMap(look.colours);
  return overlay(examination.shown, map, brightest, colours, look.opacity).data;
}

/** Two implementations of WebGPU differ by so little that no level of a colour moves by two. */
function assertSame(found: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(found.length, expected.length, what);
  const worst = found.reduce((most, level, i) => Math.max(most, Math.abs(level - expected[i])), 0);
  assert.ok(worst <= 1, `${what}: a colour differs by ${worst} levels`);
}

browserTest("scales of its own, shared by all classes, and chosen, as in Deno", async (page) => {
  const picture = await openPng(page);
  await examineHere(picture, async (examination) => {
    const { order } = examination;
    const joint = (label: number) =>
      examination.map({ kind: "joint", label, against: 0, superset: [] });
    const maps = await Promise.all(order.map(joint));
    const highest = Math.max(...maps.map((map) => peakOf(map, false)));
    const rare = order.at(-1)!;
    const own = peakOf(await joint(rare), false);
    assert.ok(own < highest / 100, "the class is one that should not light up");

    await page.selectOption("#class", String(rare));
    await settled(page);
    assert.equal(await top(page), number(own));
    assertSame(await shownMap(page), await drawnHere(examination, rare, DEFAULT_LOOK), "own");

    await page.selectOption("#scale", "shared");
    await settled(page);
    assert.equal(await top(page), number(highest));
    const shared: Look = { ...DEFAULT_LOOK, scale: "shared" };
    const dark = await shownMap(page);
    assertSame(dark, await drawnHere(examination, rare, shared), "shared");
    // Nothing lights up: it is the grey picture, darkened.
    const none = await drawnHere(examination, rare, { ...DEFAULT_LOOK, top: 1e9 });
    const lit = dark.filter((level, i) => level > none[i] + 3).length;
    assert.ok(lit < dark.length / 100, `${lit} of ${dark.length} levels are lit`);
    assert.match(
      await page.locator("#map-caption").innerText(),
      /The scale is shared by all classes\.$/,
    );

    await page.selectOption("#class", String(order[0]));
    await page.selectOption("#scale", "fixed");
    await page.fill("#maximum", "0.002");
    await settled(page);
    assert.equal(await top(page), "≥ 0.00200");
    const fixed: Look = { ...DEFAULT_LOOK, top: 0.002 };
    assertSame(await shownMap(page), await drawnHere(examination, order[0], fixed), "0.002");

    for (const wrong of ["0", "-1", ""]) {
      await page.fill("#maximum", wrong);
      await settled(page);
      const said = await page.locator("#maximum-problem").innerText();
      assert.match(said, /^Expected a number above 0, such as 0\.0/, wrong);
      assert.equal(await top(page), number(peakOf(await joint(order[0]), false)));
    }
  });
});

browserTest("colour maps and opacity are those of the command line", async (page) => {
  const picture = await openPng(page);
  await examineHere(picture, async (examination) => {
    const [label] = examination.order;
    const names = await page.locator("#colours option").allInnerTexts();
    assert.deepEqual(names.slice(0, 2), ["inferno", "magma"]);
    for (const [colours, opacity] of [["magma", null], ["viridis", 0.5], ["jet", 0.5]] as const) {
      await page.selectOption("#colours", colours);
      await settled(page);
      const look: Look = { ...DEFAULT_LOOK, colours: colours as ColourMapName, opacity };
      assertSame(await shownMap(page), await drawnHere(examination, label, look), colours);
    }
    for (const percent of [0, 30, 100]) {
      await page.locator("#opacity").fill(String(percent));
      await settled(page);
      const look: Look = { ...DEFAULT_LOOK, colours: "jet", opacity: percent / 100 };
      assertSame(await shownMap(page), await drawnHere(examination, label, look), `${percent} %`);
    }
    await page.selectOption("#kind", "counterfactual");
    await settled(page);
    assert.equal(await page.locator("#colours").isDisabled(), true, "it is red and blue");
  });
});

browserTest("the saved PNG has the bar's colours and the numbers of the map", async (page) => {
  await settled(page);
  await page.selectOption("#colours", "grey");
  await page.selectOption("#beside", "conditional");
  await settled(page);
  const { name, bytes } = await saved(page, "Save overlay (PNG)");
  assert.equal(name, "northern-mossthrush-joint-4-beside.png");
  const { width, height, data } = await decodePicture(bytes, name);
  const [shown] = await page.locator("#map").evaluateAll((maps) =>
    (maps as HTMLCanvasElement[]).map(({ width, height }) => ({ width, height }))
  );
  assert.equal(width, 2 * (shown.width + 24));
  const bar = 12 + shown.height + 12 + 7;
  assert.ok(bar < height);
  for (const left of [12, width / 2 + 12]) {
    for (const x of [0, 128, 256, 384, 511]) {
      const at = 3 * (bar * width + left + x);
      const expected = Math.round(255 * (x + 0.5) / 512);
      for (const level of data.subarray(at, at + 3)) {
        assert.ok(Math.abs(level - expected) <= 1, `${level} at ${x}, expected ${expected}`);
      }
    }
  }
});

browserTest(
  "forced colours leave the bar its colours, and bars of classes to be seen",
  async (page) => {
    await settled(page);
    assert.equal(await page.evaluate(() => matchMedia("(forced-colors: active)").matches), true);
    const bar = await seen(page, "#colour-bar");
    const inferno = colourMap("inferno");
    for (const share of [0.1, 0.5, 0.9]) {
      const x = Math.floor(share * bar.width);
      const at = 3 * (Math.floor(bar.height / 2) * bar.width + x);
      const expected = inferno((x + 0.5) / bar.width);
      for (const [c, level] of [...bar.data.subarray(at, at + 3)].entries()) {
        assert.ok(
          Math.abs(level - expected[c]) < 8,
          `${level} at ${share}, expected ${expected[c]}`,
        );
      }
    }
    // The map is a canvas, which nothing may have hidden.
    const shown = await seen(page, "#map-panel");
    assert.ok(new Set(shown.data).size > 100);
    const [first] = (await column(page, 1)).values();
    const row = await seen(page, "#predictions .bar");
    const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const colour = row.data.subarray(3 * (row.width + 4), 3 * (row.width + 4) + 3);
    assert.notEqual(`rgb(${[...colour].join(", ")})`, paper);
    assert.ok(first > 0.9);
    await page.focus("#map-panel");
    await page.keyboard.press("ArrowDown");
    const style = await page.locator("#map-panel .cell").evaluate((cell) => {
      const { borderColor, outlineColor } = getComputedStyle(cell);
      return [borderColor, outlineColor];
    });
    assert.deepEqual(style, ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]);
  },
  { context: { forcedColors: "active" } },
);

/** A part of the page as it is seen. */
async function seen(page: Page, selector: string) {
  const bytes = await page.locator(selector).first().screenshot();
  return await decodePicture(Uint8Array.from(bytes), `${selector}.png`);
}
