/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { bounded, revealing, zoomed } from "../../viewer/page/zoom.ts";
import { browserTest, settled } from "./browser.ts";

Deno.test("a zoomed picture fills its panel, and the point under the pointer stays", () => {
  assert.deepEqual(bounded({ factor: 0.1, left: 5, top: -5 }), { factor: 1, left: 0, top: 0 });
  assert.deepEqual(bounded({ factor: 99, left: 5, top: -5 }), { factor: 8, left: 0.875, top: 0 });
  const sight = { factor: 2, left: 0.25, top: 0.1 };
  const at = (
    s: typeof sight,
    x: number,
    y: number,
  ) => [s.left + x / s.factor, s.top + y / s.factor];
  const closer = zoomed(sight, 4, [0.25, 0.75]);
  assert.equal(closer.factor, 4);
  assert.deepEqual(at(closer, 0.25, 0.75), at(sight, 0.25, 0.75));
  assert.deepEqual(zoomed(sight, 0.5, [1, 1]), { factor: 1, left: 0, top: 0 });
  const cell = { left: 0.875, top: 0, width: 0.125, height: 0.125 };
  assert.deepEqual(revealing(sight, cell), { factor: 2, left: 0.5, top: 0 });
  assert.deepEqual(revealing(sight, { ...cell, left: 0.375, top: 0.25 }), sight, "it is seen");
});

const readout = (page: Page) => page.locator("#cell-readout").innerText();
const factor = (page: Page) => page.locator("#zoom-factor").innerText();

/** The cell of 16 × 16 under a point of the map's panel, by what the stage's place says. */
async function cellAt(page: Page, x: number, y: number): Promise<string> {
  const stage = (await page.locator("#map-panel .stage").boundingBox())!;
  const panel = (await page.locator("#map-panel").boundingBox())!;
  const at = (from: number, size: number) => Math.floor(16 * from / size) + 1;
  const row = at(panel.y + y - stage.y, stage.height);
  const column = at(panel.x + x - stage.x, stage.width);
  return `Row ${row}, column ${column}: `;
}

browserTest(
  "zoomed by keys, buttons, wheel and double click, the right cell is read",
  async (page) => {
    await settled(page);
    const { width, height } = (await page.locator("#map-panel").boundingBox())!;
    const point = async (x: number, y: number) => {
      await page.locator("#map-panel").hover({ position: { x, y } });
      return await readout(page);
    };
    const whole = await point(0.7 * width, 0.3 * height);
    assert.match(whole, /^Row 5, column 12: /);

    await page.focus("#map-panel");
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    assert.equal(await factor(page), "2×");
    // The middle stays: what was 0.7 of the width is now at 0.5 + 2 · 0.2.
    assert.equal(await point(0.9 * width, 0.1 * height), whole);
    const other = await point(0.1 * width, 0.9 * height);
    assert.ok(other.startsWith("Row 12, column 5: "), other);
    const both = await page.locator(".stage").evaluateAll((all) =>
      all.map((stage) => (stage as HTMLElement).style.transform)
    );
    assert.equal(new Set(both).size, 1, "all panels show the same part");
    assert.match(both[0], /scale\(2\.?0*\d*\)/);

    for (let i = 0; i < 20; i++) await page.click("#zoom-in");
    assert.equal(await factor(page), "8×");
    const wanted = await cellAt(page, 3, 3);
    assert.ok((await point(3, 3)).startsWith(wanted), wanted);

    // Arrow keys take along what is seen, to the edge and no further.
    await page.focus("#map-panel");
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowLeft");
    }
    assert.match(await readout(page), /^Row 1, column 1: /);
    const panel = (await page.locator("#map-panel").boundingBox())!;
    const cell = (await page.locator("#map-panel .cell").boundingBox())!;
    assert.ok(Math.abs(cell.x - panel.x) < 1 && Math.abs(cell.y - panel.y) < 1);
    assert.ok(Math.abs(cell.width - panel.width / 2) < 1, "a cell is a sixteenth, eight times");

    await page.keyboard.press("0");
    assert.equal(await factor(page), "1×");
    assert.equal(await point(0.7 * width, 0.3 * height), whole);

    // At the pointer, what is below it stays.
    await page.locator("#map-panel").dblclick({ position: { x: 0.7 * width, y: 0.3 * height } });
    assert.equal(await factor(page), "2×");
    assert.equal(await readout(page), whole);
    const scrolled = await page.evaluate(() => scrollY);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -500);
    await page.keyboard.up("Control");
    await page.waitForFunction(() => document.getElementById("zoom-factor")!.innerText === "3.3×");
    assert.equal(await page.evaluate(() => scrollY), scrolled);
    assert.equal(await point(0.7 * width, 0.3 * height), whole);
  },
);

browserTest("what is zoomed is dragged, and the next picture is whole", async (page) => {
  await settled(page);
  await page.click("#zoom-in");
  await page.click("#zoom-in");
  const { x, y, width, height } = (await page.locator("#map-panel").boundingBox())!;
  const left = () =>
    page.locator("#picture-panel .stage").evaluate((stage) =>
      stage.getBoundingClientRect().left - stage.parentElement!.getBoundingClientRect().left
    );
  const before = await left();
  assert.ok(Math.abs(before + width / 2) < 1);
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 30, y + height / 2, { steps: 5 });
  await page.mouse.up();
  assert.ok(Math.abs(await left() - before - 30) < 1, `${before} → ${await left()}`);
  const wanted = await cellAt(page, width / 2 + 30, height / 2);
  assert.ok((await readout(page)).startsWith(wanted));
  await page.mouse.down();
  await page.mouse.move(x + width + 3000, y + height / 2, { steps: 5 });
  await page.mouse.up();
  assert.equal(await left(), 0, "not past its edge");

  await page.getByRole("button", { name: "Sample: eastern emberchat" }).click();
  await page.locator("#picture-caption").getByText("eastern").waitFor();
  await settled(page);
  assert.equal(await factor(page), "1×");
});
