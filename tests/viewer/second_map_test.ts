import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeNpy } from "../../eval/measures/npy.ts";
import { runnerUp } from "../../eval/maps/explain.ts";
import { greatestIn, highest } from "../../viewer/page/readout.ts";
import { type Classes, sameChoice, sameClass } from "../../viewer/page/same_class.ts";
import { browserTest, hand, saved, settled, showing } from "./browser.ts";
import { examineHere, MODEL, samplePng } from "./deno_side.ts";
import { renamedBirds, smallCam } from "./small_checkpoints.ts";
import { number } from "../../viewer/page/words.ts";

const named = (...classNames: string[]): Classes => ({
  classNames,
  options: { classes: classNames.length },
});
const unnamed = (classes: number): Classes => ({ classNames: null, options: { classes } });

Deno.test("a class of another model is the one of the same name", () => {
  const birds = named("001.Marsh_Wren", "002.Robin", "003.Great_Tit");
  assert.equal(sameClass(birds, 1, named("Great Tit", "robin", "Marsh Wren")), 1);
  assert.equal(sameClass(birds, 0, named("Great Tit", "robin", "Marsh Wren")), 2);
  assert.equal(sameClass(birds, 2, named("Robin", "Dunnock")), null);
  assert.equal(sameClass(birds, 1, named("5.Robin", "6.Robin")), null, "which of the two?");
  assert.equal(sameClass(birds, 1, named("5.Robin", "002.Robin")), 1, "the very same");
  assert.equal(sameClass(birds, 1, unnamed(3)), 1);
  assert.equal(sameClass(birds, 1, unnamed(200)), null);
});

Deno.test("a choice for another model names the class that it misses", () => {
  const choice = { kind: "joint", label: 0, against: 1, superset: [0, 1] } as const;
  const [birds, other] = [named("001.Marsh_Wren", "002.Robin"), named("Robin", "Dunnock")];
  assert.equal(sameChoice(birds, choice, other, "b.pth"), "b.pth has no class Marsh Wren.");
  assert.deepEqual(sameChoice(birds, { ...choice, label: 1 }, other, "b.pth"), {
    ...choice,
    label: 0,
    against: 0,
    superset: [0],
  });
  const against = { ...choice, kind: "counterfactual", label: 1, against: 0 } as const;
  assert.equal(sameChoice(birds, against, other, "b.pth"), "b.pth has no class Marsh Wren.");
  assert.equal(
    sameChoice(birds, choice, unnamed(3), "c.pth"),
    "The class Marsh Wren cannot be found in c.pth: one of the two models has no names of " +
      "classes, and they have 2 and 3 of them.",
  );
});

Deno.test("a cell is read in a map that is finer or coarser", () => {
  const map = (width: number, height: number) => ({
    width,
    height,
    values: Float32Array.from({ length: width * height }, (_, i) => i),
  });
  const cells = { width: 2, height: 2 };
  assert.equal(greatestIn(map(2, 2), { row: 1, column: 0 }, cells), 2);
  assert.equal(greatestIn(map(4, 4), { row: 0, column: 1 }, cells), 7);
  assert.equal(greatestIn(map(1, 1), { row: 1, column: 1 }, cells), 0);
  // Of 2 × 2 cells in 3 × 3: the middle of a cell lies in a corner.
  assert.equal(greatestIn(map(2, 2), { row: 0, column: 2 }, { width: 3, height: 3 }), 1);
  assert.deepEqual(highest(map(4, 4), cells), { row: 1, column: 1 });
});

browserTest("two maps of one picture: values of Deno, one pointer, files of both", async (page) => {
  const { picture, png } = await samplePng("pied-breasted-mossthrush");
  await settled(page);
  assert.equal(await page.locator("#second").isVisible(), false);
  const file = { name: "chosen.png", mimeType: "image/png", buffer: Buffer.from(png) };
  await page.setInputFiles("#picture-file", file);
  await showing(page, "chosen.png");
  await page.selectOption("#beside", "counterfactual");
  await settled(page);
  assert.equal(await page.locator("#against").isVisible(), true, "it is the second map's");
  await examineHere(picture, async (examination) => {
    const [label] = examination.order;
    const against = runnerUp(examination.explanation.probabilities, label)!;
    const choice = { kind: "counterfactual", label, against, superset: [] } as const;
    const map = await examination.map(choice);
    const { name, bytes } = await saved(page, "Save second map (.npy)");
    assert.equal(name, `chosen-counterfactual-${label}-second.npy`);
    const { values } = decodeNpy(bytes, name);
    for (const [z, value] of values.entries()) {
      assert.ok(
        Math.abs(value - map.values[z]) < 1e-4,
        `${value} at ${z}, expected ${map.values[z]}`,
      );
    }
    await page.focus("#second-panel");
    await page.keyboard.press("ArrowDown");
    for (const panel of ["picture-panel", "map-panel", "second-panel"]) {
      assert.equal(await page.locator(`#${panel} .cell`).isVisible(), true, panel);
    }
    const said = await page.locator("#cell-readout").innerText();
    const [, row, column, value] =
      /^Row (\d+), column (\d+): .*\. Second map, Counterfactual: .*: ([−\d.·⁻⁰-⁹¹²³]+)$/.exec(
        said,
      )!;
    const at = (Number(row) - 1) * map.width + Number(column) - 1;
    assert.equal(value, number(map.values[at]));
  });
  await page.selectOption("#beside", "");
  await settled(page);
  assert.equal(await page.locator("#second").isVisible(), false);
  assert.equal(await page.locator("#save-second-npy").isVisible(), false);
  assert.doesNotMatch(await page.locator("#cell-readout").innerText(), /Second map/);
});

browserTest(
  "two models: the same class by its name, a shared scale, and closing it",
  async (page) => {
    await settled(page);
    const top = async (id: string) => (await page.locator(`#${id} span`).allInnerTexts()).at(-1)!;
    await page.evaluate(() => document.getElementById("beside-area")!.scrollIntoView());
    await hand(page, "drop", {
      name: "renamed.safetensors",
      type: "",
      bytes: await renamedBirds(await Deno.readFile(MODEL)),
    }, "#beside-area");
    await page.getByText("renamed.safetensors: small-resnet, calm-em, 12 classes.").waitFor();
    await settled(page);
    assert.equal(await page.inputValue("#beside"), "joint", "the first map's kind");
    // Its classes are those of the birds in the opposite order, so that weights say nothing of names.
    const caption = await page.locator("#second-map-caption").innerText();
    assert.match(caption, /^Joint: Northern Mossthrush, 16 × 16 cells\./);
    assert.match(
      caption,
      /renamed\.safetensors: p\(y \| x\) = \S+ for Northern Mossthrush\. It predicts /,
    );
    assert.notEqual(await top("ticks"), await top("second-ticks"));
    await page.selectOption("#scale", "shared");
    await settled(page);
    assert.equal(await top("ticks"), await top("second-ticks"));
    assert.match(await page.locator("#map-caption").innerText(), /^Joint: Northern Mossthrush/);
    assert.match(
      await page.locator("#status").innerText(),
      /^birds\.safetensors: /,
      "the first model stays",
    );

    await page.getByRole("button", { name: "Close it" }).click();
    await settled(page);
    assert.equal(await page.locator("#second").isVisible(), false);
    assert.equal(await page.evaluate(() => document.activeElement!.id), "beside");
  },
);

browserTest("a second model without the class says so, and is asked of again", async (page) => {
  await settled(page);
  const cam = { mimeType: "", buffer: Buffer.from(await smallCam(["Robin", "Eastern Emberchat"])) };
  await page.setInputFiles("#second-file", { name: "cam.safetensors", ...cam });
  await page.getByText("cam.safetensors: small-resnet, cam, 2 classes.").waitFor();
  await settled(page);
  const caption = page.locator("#second-map-caption");
  assert.match(
    await caption.innerText(),
    /^cam\.safetensors has no class Northern Mossthrush\. cam\.safetensors: It predicts /,
  );
  await page.getByRole("button", { name: "Sample: eastern emberchat" }).click();
  await showing(page, "eastern-emberchat.jpg");
  assert.match(await caption.innerText(), /^CAM: Eastern Emberchat, /);
  await page.selectOption("#beside", "cam");
  await page.selectOption("#kind", "conditional");
  await settled(page);
  assert.match(await caption.innerText(), /^CAM, unscaled: Eastern Emberchat, /);
  assert.match(await page.locator("#map-caption").innerText(), /^Conditional: Eastern Emberchat/);
});
