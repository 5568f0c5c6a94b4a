import assert from "node:assert/strict";
import { familyOf } from "../../eval/present/figures/subjects.ts";
import { decodePicture } from "../../data/codecs.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

Deno.test("classes of a family share the last word of their names", () => {
  const names = ["001.Marsh_Wren", "002.House_Wren", "003.Song_Sparrow", "004.Wren"];
  assert.deepEqual(familyOf(names, 1), [0, 1, 3]);
  assert.deepEqual(familyOf(names, 2), [2]);
});

gpuTest("every figure of the paper is drawn from birds", async () => {
  await withBirds(async (data, out) => {
    const checkpoints: string[] = [];
    for (const method of ["cam", "calm-em"]) {
      const run = `${out}-${method}`;
      const train = ["train", "--data", data, ...SMALL, "--epochs", "2", "--method", method];
      const { code, stderr } = await calm([...train, "--out", run]);
      assert.equal(code, 0, stderr);
      checkpoints.push(`${run}/checkpoint.safetensors`);
    }
    const images = (await Deno.readTextFile(`${data}/images.txt`)).trim().split("\n");
    const tests = (await Deno.readTextFile(`${data}/train_test_split.txt`)).trim().split("\n");
    const ids = images.filter((_, i) => tests[i].endsWith(" 0")).map((line) => line.split(" ")[1]);
    const draw = async (number: string, ...options: string[]) => {
      const given = ["--data", data, "--checkpoint", checkpoints.join(), "--out", `${out}-figures`];
      const { code, stdout, stderr } = await calm([
        "figure",
        number,
        ...given,
        ...options,
        "--json",
      ]);
      assert.equal(code, 0, stderr);
      const { svg, png, pdf } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
      assert.match(await Deno.readTextFile(pdf), /^%PDF-/);
      const { width, height } = await decodePicture(await Deno.readFile(png), png);
      assert.ok(width > 1000 && height > 400, `${width} × ${height}`);
      return await Deno.readTextFile(svg);
    };
    const pictures = (svg: string) => svg.match(/<image /g)!.length;

    const first = await draw("1", "--picture", ids[0]);
    assert.equal(pictures(first), 2 * 5);
    for (const text of ["CAM", "CALM_EM", "A − B", "where A and B differ"]) {
      assert.ok(first.includes(text), text);
    }
    // A is the class of the picture, B the other, whichever comes first in the lists.
    const names = ids.map((id) => id.split("/")[0]);
    const classes = [...new Set(names)].map((name) =>
      name.replace(/^\d+\./, "").replaceAll("_", " ")
    );
    const [, a = "", b = ""] = />A: ([^<]*)<.*?>B: ([^<]*)</s.exec(first) ?? [];
    assert.equal(a, names[0].replace(/^\d+\./, "").replaceAll("_", " "));
    assert.ok(classes.includes(b), b);
    const ofB = ids[names.findIndex((name) => name.replaceAll("_", " ").endsWith(`.${b}`))];
    for (const options of [["--class", b], ["--against", a], ["--class", b, "--against", a]]) {
      const swapped = await draw("1", "--picture", ofB, ...options);
      assert.ok(swapped.includes(`>A: ${b}<`), options.join());
    }
    const third = await draw("3", "--picture", ids[0], "--against", "2");
    assert.equal(pictures(third), 6);
    const fourth = await draw("4", "--picture", ids[0], "--pictures", "1", "--map", "grad-cam");
    assert.equal(pictures(fourth), 2 + 3);
    assert.ok(fourth.includes("Grad-CAM of CAM"));
    const sixth = await draw("6", "--pictures", "1");
    assert.equal(pictures(sixth), 4);
    assert.ok(sixth.includes("3 classes") && sixth.includes("p(Y|x) = 1.00"));

    const counts = ["--k", "10,50", "--counts", `${out}-counts/em.json`];
    const model = ["--data", data, "--checkpoint", checkpoints[1]];
    const measured = await calm(["eval", "remove-and-classify", ...model, ...counts]);
    assert.equal(measured.code, 0, measured.stderr);
    const fifth = await calm([
      ...["figure", "5", "--results", `${out}-counts`, "--out", `${out}-figures`, "--json"],
    ]);
    assert.equal(fifth.code, 0, fifth.stderr);
    const svg = await Deno.readTextFile(`${out}-figures/figure5.svg`);
    for (const text of ["pixels erased", "erasing at random = 1", "Remove-and-classify on birds"]) {
      assert.ok(svg.includes(text), text);
    }

    await refuses(
      ["figure", "1", "--data", data, "--checkpoint", checkpoints[0], "--class", a, "--against", a],
      /--class and --against are both ".*", expected two classes/,
    );
    const base = ["figure", "3", "--data", data, "--checkpoint"];
    await refuses(["figure", "5", "--map", "jiont"], /--map has "jiont".*did you mean "joint"\?/);
    await refuses(
      ["figure", "5", "--vmax", "1"],
      /--vmax is for figures 1, 3, 4, 6, not for figure 5/,
    );
    await refuses(["figure", "4", "--colours", "jet"], /--colours is for figures 1, 3, 6, not for/);
    await refuses(["figure", "6", "--class", "1"], /--class is for figures 1, 4, not for figure 6/);
    await refuses(["figure", "1", "--results", "x"], /--results is for figure 5, not for figure 1/);
    await refuses(["figure", "2"], /figure takes 1, 3, 4, 5, 6, not 2/);
    await refuses([...base, checkpoints[0]], /Figure 3 needs a model of CALM/);
    await refuses(
      [...base, checkpoints[1], "--picture", "x.jpg"],
      /no test picture "x\.jpg"; one is/,
    );
  });
});
