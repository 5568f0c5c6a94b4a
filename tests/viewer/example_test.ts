import assert from "node:assert/strict";
import { bundle } from "../../viewer/bundle.ts";
import { browserTest, extra } from "./browser.ts";

const EXAMPLE = new URL("../../examples/browser/", import.meta.url);

extra.set("example/train.js", await bundle(new URL("train.ts", EXAMPLE)));
extra.set("example/index.html", await Deno.readFile(new URL("index.html", EXAMPLE)));

browserTest("example: a page that trains a network", async (page) => {
  await page.getByText("Trained.").waitFor();
  const log = await page.locator("#log").innerText();
  const losses = [...log.matchAll(/p\(ŷ\|x\) ([\d.]+)/g)].map(([, loss]) => Number(loss));
  assert.equal(losses.length, 4);
  assert.ok(losses[3] < 0.3 * losses[0], log);
  assert.match(log, /accuracy (8\d|9\d|100) %\n?$/);
}, { path: "example/index.html" });
