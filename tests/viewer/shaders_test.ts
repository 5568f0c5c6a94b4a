/// <reference lib="dom" />
import assert from "node:assert/strict";
import { Gpu } from "../../engine/gpu.ts";
import { PAPER_METHODS } from "../../model/methods.ts";
import { bundle } from "../../viewer/bundle.ts";
import { browserTest, extra } from "./browser.ts";
import type { firstLosses } from "./training.ts";
import { firstLosses as lossesHere } from "./training.ts";

const SHADERS = new URL("../../shaders/", import.meta.url);

const EMPTY = { path: "empty.html" };
extra.set("empty.html", new TextEncoder().encode(`<link rel="icon" href="data:,">`));

browserTest("Chromium's compiler accepts every shader without a word", async (page) => {
  const texts: Record<string, string> = {};
  for await (const { name } of Deno.readDir(SHADERS)) {
    texts[name] = await Deno.readTextFile(new URL(name, SHADERS));
  }
  const messages = await page.evaluate(async (texts) => {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    const found: string[] = [];
    for (const [name, code] of Object.entries(texts)) {
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      for (const { lineNum, message } of messages) found.push(`${name}:${lineNum} ${message}`);
    }
    device.destroy();
    return found;
  }, texts);
  assert.deepEqual(messages, []);
}, EMPTY);

browserTest("training steps of each method in Chromium have the losses of Deno", async (page) => {
  extra.set("training.js", await bundle(new URL("training_entry.ts", import.meta.url)));
  await page.addScriptTag({ url: "training.js", type: "module" });
  const there = await page.evaluate(async (methods) => {
    const own = globalThis as unknown as { Gpu: typeof Gpu; firstLosses: typeof firstLosses };
    const gpu = await own.Gpu.request();
    const losses: number[][] = [];
    for (const method of methods) losses.push(await own.firstLosses(gpu, method));
    await gpu.idle();
    gpu.destroy();
    return losses;
  }, PAPER_METHODS);
  const gpu = await Gpu.request();
  for (const [i, method] of PAPER_METHODS.entries()) {
    for (const [k, expected] of (await lossesHere(gpu, method)).entries()) {
      const difference = Math.abs(there[i][k] - expected) / Math.abs(expected);
      assert.ok(difference < 1e-4, `${method}: ${there[i]} in Chromium, ${expected} in Deno`);
    }
  }
  await gpu.idle();
  gpu.destroy();
}, EMPTY);
