import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { bytesSource } from "../../weights/byte_source.ts";
import { readFloat32 } from "../../weights/host_tensor.ts";
import { readStateFile } from "../../weights/state_file.ts";
import { torchChunks } from "../../weights/torch_writer.ts";
import { browserTest, column, hand, settled, showing } from "./browser.ts";
import { MODEL, samplePng } from "./deno_side.ts";
import { smallCam } from "./small_checkpoints.ts";
import { Saving, torchFile } from "../weights/pickles.ts";

browserTest("a checkpoint of CAM that is dropped: its maps, and logits at a cell", async (page) => {
  await settled(page);
  await hand(page, "drop", {
    name: "cam.safetensors",
    type: "",
    bytes: await smallCam(["001.Robin", "002.Wren", "003.Great_Tit"]),
  });
  await page.getByText("cam.safetensors: small-resnet, cam, 3 classes.").waitFor();
  await settled(page);
  const kinds = await page.locator("#kind optgroup").first().locator("option").allInnerTexts();
  assert.deepEqual(kinds.map((kind) => kind.replace(/:.*/, "")), [
    "CAM",
    "CAM, min–max",
    "CAM, unscaled",
    "Subset",
    "Counterfactual",
  ]);
  await page.selectOption("#kind", "cam");
  await settled(page);
  await page.focus("#map-panel");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#predictions thead th").last().innerText(), "f(y, z)");
  assert.equal((await column(page, 2)).size, 3);
  assert.match(await page.locator("#cell-readout").innerText(), /Great Tit/);
});

browserTest("of a PyTorch file the page asks how it was trained", async (page) => {
  await settled(page);
  const before = await column(page, 1);
  const file = await readStateFile(bytesSource(await Deno.readFile(MODEL), MODEL));
  const chunks: BlobPart[] = [];
  for await (const chunk of torchChunks("birds.pth", file.tensors)) chunks.push(chunk);
  const buffer = Buffer.from(await new Blob(chunks).arrayBuffer());
  const pth = { name: "birds.pth", mimeType: "application/octet-stream", buffer };

  await page.setInputFiles("#checkpoint-file", pth);
  const dialog = page.getByRole("dialog");
  await dialog.getByText("birds.pth (small-resnet) does not say so itself.").waitFor();
  assert.equal(await page.locator("#foreign-large").isVisible(), false);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.deepEqual(await column(page, 1), before, "refusing to say changes nothing");

  const model: Record<string, Saving> = {};
  for (const [name, tensor] of file.tensors) {
    const { shape, data } = await readFloat32(tensor);
    model[name] = new Saving(shape, data);
  }
  const two = Buffer.from(await torchFile({ model, model_ema: model }));
  await page.setInputFiles("#checkpoint-file", { ...pth, buffer: two });
  await dialog.getByText("the weights are those of model; it also has model_ema").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });

  await page.setInputFiles("#checkpoint-file", pth);
  await page.selectOption("#foreign-method", "calm-ml");
  await page.selectOption("#foreign-prior", "softplus");
  assert.equal(await page.inputValue("#foreign-crop"), "224");
  await page.fill("#foreign-crop", "");
  await dialog.getByRole("button", { name: "Open" }).click();
  assert.equal(await dialog.isVisible(), true, "the side of the pictures has to be said");
  await page.fill("#foreign-crop", "64");
  await dialog.getByRole("button", { name: "Open" }).click();
  await page.getByText("birds.pth: small-resnet, calm-ml, 12 classes.").waitFor();
  await settled(page);
  // Such files bring no names.
  assert.match(await page.locator("#map-caption").innerText(), /^Joint: class \d+, 16 × 16/);
});

browserTest("files that cannot be opened are named, and what was there stays", async (page) => {
  await settled(page);
  const alert = page.getByRole("alert");
  const notes = new TextEncoder().encode("no checkpoint at all");
  await hand(page, "drop", { name: "notes.txt", type: "text/plain", bytes: notes });
  await alert.getByText(/^notes\.txt is text, not a checkpoint: it begins with "no checkp/)
    .waitFor();
  const torn = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
  await hand(page, "paste", { name: "torn.png", type: "image/png", bytes: torn });
  await alert.getByText("torn.png is a damaged PNG file, or one that this browser cannot decode")
    .waitFor();
  assert.match(await page.locator("#map-caption").innerText(), /^Joint: Northern Mossthrush/);
  const { png } = await samplePng("eastern-emberchat");
  await hand(page, "paste", { name: "pasted.png", type: "image/png", bytes: png });
  await showing(page, "pasted.png");
  await alert.waitFor({ state: "hidden" });
  await settled(page);
  assert.match(await page.locator("#map-caption").innerText(), /^Joint: Eastern Emberchat/);
});
