/// <reference lib="dom" />
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { decodePicture } from "../../data/codecs.ts";
import { inferno } from "../../eval/present/pictures/colour_map.ts";
import { upright } from "../../data/orientation.ts";
import type { AttributionKind } from "../../eval/maps/kinds.ts";
import { decodeNpy } from "../../eval/measures/npy.ts";
import { browserTest, column, saved, settled, showing } from "./browser.ts";
import { examineHere, samplePng } from "./deno_side.ts";
import codecs from "../data/goldens/codecs.json" with { type: "json" };

/** Two implementations of WebGPU round differently; a wrong shader is off by far more. */
const TOLERANCE = 1e-4;

const text = (page: Page, id: string) => page.locator(`#${id}`).innerText();

async function choosePng(page: Page, name: string, png: Uint8Array): Promise<void> {
  await settled(page);
  const file = { name: `${name}.png`, mimeType: "image/png", buffer: Buffer.from(png) };
  await page.setInputFiles("#picture-file", file);
  await showing(page, `${name}.png`);
}

browserTest("the first sample is explained when the page opens", async (page) => {
  await settled(page);
  const ms = await page.evaluate(() => Math.round(performance.now()));
  console.error(`first prediction ${ms} ms after the page was asked for`);
  assert.match(await text(page, "announcement"), /^Prediction: Northern Mossthrush 0\.9\d\d, /);
  assert.match(await text(page, "map-caption"), /^Joint: Northern Mossthrush, 16 × 16 cells\./);
  const [top] = (await column(page, 1)).values();
  assert.match(
    await text(page, "map-caption"),
    new RegExp(`The cells add up to p\\(y \\| x\\) = ${top.toFixed(3)}\\.`),
  );
  assert.equal(
    await page.locator("#map").getAttribute("aria-label"),
    await text(page, "map-caption"),
  );
  const ticks = await page.locator("#ticks span").allInnerTexts();
  assert.equal(ticks[0], "0");
  assert.match(await text(page, "map-caption"), new RegExp(`Greatest value ${ticks[4]} at`));
});

browserTest("probabilities, maps and erasing of a PNG are those of Deno", async (page) => {
  const { picture, png } = await samplePng("white-striped-brookfinch");
  await choosePng(page, "chosen", png);
  await examineHere(picture, async (examination) => {
    const { order, explanation: { probabilities } } = examination;
    const there = await column(page, 1);
    assert.deepEqual([...there.keys()], order.slice(0, 6));
    let largest = 0;
    const compare = (found: number, expected: number, what: string, scale = 1) => {
      const difference = Math.abs(found - expected) / scale;
      largest = Math.max(largest, difference);
      assert.ok(difference < TOLERANCE, `${what}: ${found} in Chromium, ${expected} in Deno`);
    };
    for (const [y, p] of there) compare(p, probabilities[y], `p(${y}|x)`);
    console.error(`probabilities differ by at most ${largest.toExponential(1)}`);

    const [label, against] = order;
    const kinds: AttributionKind[] = [
      "joint",
      "conditional",
      "counterfactual",
      "grad-cam",
      "gradient",
    ];
    for (const kind of kinds) {
      await page.selectOption("#kind", kind);
      await settled(page);
      const { name, bytes } = await saved(page, "Save map (.npy)");
      assert.equal(name, `chosen-${kind}-${label}.npy`);
      const { shape, values } = decodeNpy(bytes, name);
      const map = await examination.map({ kind, label, against, superset: [] });
      assert.deepEqual(shape, [map.height, map.width]);
      // Gradients have no scale of their own.
      const top = Math.max(...map.values.map(Math.abs));
      largest = 0;
      for (const [z, value] of values.entries()) {
        compare(value, map.values[z], `${kind} at ${z}`, Math.max(1, top));
      }
      console.error(`${kind} differs by at most ${largest.toExponential(1)}, up to ${top}`);
    }

    await page.selectOption("#kind", "joint");
    await page.locator("#erased").fill("10");
    await settled(page);
    const map = await examination.map({ kind: "joint", label, against, superset: [] });
    const erased = await examination.erase(map, 0.1);
    for (const [y, p] of await column(page, 2)) compare(p, erased.probabilities[y], `erased, ${y}`);
  });
});

browserTest("a cell is read by mouse and by arrow keys", async (page) => {
  await settled(page);
  await page.locator("#map-panel").hover({ position: { x: 2, y: 2 } });
  assert.match(await text(page, "cell-readout"), /^Row 1, column 1: \w+/);
  await page.mouse.move(0, 0);
  assert.match(await text(page, "cell-readout"), /^Point at a cell/);

  await page.focus("#map-panel");
  await page.keyboard.press("ArrowDown");
  const [, row, columnNumber] = /at row (\d+), column (\d+)/.exec(await text(page, "map-caption"))!;
  const greatest = `Row ${row}, column ${columnNumber}: Northern Mossthrush `;
  assert.ok((await text(page, "cell-readout")).startsWith(greatest));
  const [here] = (await column(page, 2)).values();
  assert.match(
    await text(page, "map-caption"),
    new RegExp(`Greatest value ${here.toPrecision(3)}`),
  );
  await page.keyboard.press("ArrowLeft");
  const left = new RegExp(`^Row ${row}, column ${Number(columnNumber) - 1}: `);
  assert.match(await text(page, "cell-readout"), left);
  assert.equal(await page.locator("#picture-panel .cell").isVisible(), true);
  await page.keyboard.press("Escape");
  assert.match(await text(page, "cell-readout"), /^Point at a cell/);
});

browserTest("counterfactuals in red and blue, subsets, and numbers on the bar", async (page) => {
  await settled(page);
  await page.getByRole("button", { name: "Sample: pied breasted mossthrush" }).click();
  await showing(page, "pied-breasted-mossthrush.jpg");
  await page.selectOption("#kind", "counterfactual");
  await settled(page);
  assert.match(
    await text(page, "map-caption"),
    /^Counterfactual: Pied breasted Mossthrush \(red\) instead of Yellow tailed Mossthrush \(blue\)/,
  );
  const ticks = await page.locator("#ticks span").allInnerTexts();
  assert.equal(ticks[0], `−${ticks[4]}`);
  assert.equal(ticks[2], "0");
  await page.selectOption("#against", { label: "Northern Mossthrush" });
  await settled(page);
  assert.match(await text(page, "map-caption"), /instead of Northern Mossthrush \(blue\)/);
  await page.getByRole("radio", { name: "Northern Mossthrush" }).check();
  await settled(page);
  assert.match(
    await text(page, "map-caption"),
    /^Counterfactual: Northern Mossthrush \(red\) instead of Pied breasted Mossthrush \(blue\)/,
  );

  await page.selectOption("#kind", "subset");
  assert.equal(await page.locator("#against").isVisible(), false);
  await page.getByRole("checkbox", { name: "Northern Mossthrush" }).check();
  await settled(page);
  assert.match(await text(page, "map-caption"), /Northern Mossthrush \+ .*add up to 0\.\d/);
  await page.locator("#numbers summary").click();
  assert.equal(await page.locator("#numbers table td").count(), 16 * 16 + 1);
});

browserTest("erasing changes picture and prediction, and back", async (page) => {
  await settled(page);
  await page.getByRole("button", { name: "Sample: eastern emberchat" }).click();
  await page.getByText("eastern-emberchat.jpg").first().waitFor();
  await settled(page);
  const before = await text(page, "erased-effect");
  const pixels = () =>
    page.locator("#picture").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const whole = await pixels();
  await page.focus("#erased");
  for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowRight");
  await settled(page);
  assert.equal(await text(page, "erased-share"), "40 %");
  const [, from, to] = /Eastern Emberchat: (0\.\d+) → (0\.\d+)\. Now predicted: /
    .exec(await text(page, "erased-effect"))!;
  assert.ok(Number(to) < Number(from) - 0.1, `${from} → ${to}`);
  assert.notEqual(await pixels(), whole);
  await page.keyboard.press("Home");
  await settled(page);
  assert.equal(await text(page, "erased-effect"), before);
  assert.equal(await pixels(), whole);
  await page.locator("#erased").fill("40");
  await settled(page);
  await page.getByRole("button", { name: "Sample: white striped brookfinch" }).click();
  await page.getByText("white-striped-brookfinch.jpg").first().waitFor();
  await settled(page);
  assert.equal(await page.inputValue("#erased"), "0", "the next picture is whole");
  assert.equal(await text(page, "erased-share"), "0 %");
  assert.doesNotMatch(await text(page, "picture-caption"), /blurred/);
});

browserTest("everything is reached by the keyboard, in the order of the page", async (page) => {
  await settled(page);
  const reached: string[] = [];
  for (let i = 0; i < 23; i++) {
    await page.keyboard.press("Tab");
    reached.push(
      await page.evaluate(() => {
        const { id, ariaLabel, tagName, type } = document.activeElement as HTMLInputElement;
        return id || ariaLabel || type || tagName.toLowerCase();
      }),
    );
  }
  assert.deepEqual(reached, [
    "picture-file",
    "checkpoint-file",
    "Sample: northern mossthrush",
    "Sample: white striped brookfinch",
    "Sample: pied breasted mossthrush",
    "Sample: eastern emberchat",
    "map-panel",
    "zoom-out",
    "zoom-in",
    "zoom-all",
    "summary",
    "radio",
    "kind",
    "class",
    "scale",
    "colours",
    "laid",
    "beside",
    "second-file",
    "erased",
    "save-png",
    "save-npy",
    "copy-link",
  ]);
  await page.getByRole("radio", { name: "Northern Mossthrush" }).focus();
  await page.keyboard.press("ArrowDown");
  await settled(page);
  assert.match(await text(page, "map-caption"), /^Joint: Yellow tailed Mossthrush/);
  const focused = await page.evaluate(() => (document.activeElement as HTMLInputElement).type);
  assert.equal(focused, "radio", "the focus stays in the table");
  const { name, bytes } = await saved(page, "Save overlay (PNG)");
  assert.equal(name, "northern-mossthrush-joint-5.png");
  const picture = await decodePicture(bytes, name);
  // The picture of 512 pixels and its edges; below it the colour bar, from nothing to the greatest.
  const { width, height, data } = picture;
  assert.equal(width, 512 + 24);
  const at = (
    x: number,
    y: number,
  ) => [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
  const near = (a: readonly number[], b: readonly number[]) =>
    a.every((value, c) => Math.abs(value - b[c]) <= 3);
  const rows = [...Array(height).keys()].filter((y) =>
    near(at(13, y), inferno(0)) && near(at(522, y), inferno(1)) && near(at(268, y), inferno(0.5))
  );
  assert.equal(rows.length, 14, "rows of the bar");
});

browserTest("nothing sticks out at the width of a phone", async (page) => {
  await settled(page);
  for (const kind of ["joint", "counterfactual", "subset"]) {
    await page.selectOption("#kind", kind);
    await settled(page);
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    assert.ok(scrollWidth <= clientWidth, `${kind}: ${scrollWidth} of ${clientWidth} pixels`);
  }
}, { context: { viewport: { width: 360, height: 740 }, colorScheme: "dark" } });

browserTest(
  "CMYK is converted as by the command line, and turned as the file says",
  async (page) => {
    const cmyk = Uint8Array.fromBase64(codecs.files.jpeg_ycck.base64);
    // After the start of image: EXIF data of one entry, an orientation of 6.
    const tiff = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
    const exif = [0xff, 0xe1, 0, 8 + tiff.length, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
    const file = Uint8Array.from([...cmyk.subarray(0, 2), ...exif, ...cmyk.subarray(2)]);
    await settled(page);
    const [name, mimeType] = ["inks.jpg", "image/jpeg"];
    await page.setInputFiles("#picture-file", { name, mimeType, buffer: Buffer.from(file) });
    await showing(page, name);
    const picture = upright(await decodePicture(file, name), 6);
    assert.deepEqual([picture.width, picture.height], [13, 17]);
    await examineHere(picture, async ({ explanation: { probabilities } }) => {
      for (const [y, p] of await column(page, 1)) {
        assert.ok(
          Math.abs(p - probabilities[y]) < TOLERANCE,
          `${p} and ${probabilities[y]} of ${y}`,
        );
      }
    });
  },
);

for (
  const [what, before, message] of [
    ["WebGPU", "delete Navigator.prototype.gpu;", /^This browser has no WebGPU\. Please open/],
    [
      "an adapter",
      "GPU.prototype.requestAdapter = () => Promise.resolve(null);",
      /^This browser has WebGPU but found no graphics adapter for it\. Please switch hardware/,
    ],
  ] as const
) {
  browserTest(`without ${what} the page says what to do`, async (page) => {
    await page.getByRole("alert").waitFor();
    assert.match(await text(page, "problem"), message);
    assert.equal(await page.locator("main").isVisible(), false);
  }, { before });
}
