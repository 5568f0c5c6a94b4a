import { gpuTest } from "../gpu.ts";
import assert from "node:assert/strict";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

Deno.test("options of methods that do not go together are named", async () => {
  const refused: readonly (readonly [options: string, message: RegExp])[] = [
    ["--method has --has-sizes 4,x", /--has-sizes has "x", expected whole numbers such as 0,16/],
    [
      "--method has --has-sizes 4 --has-grid-size 4",
      /--has-sizes and --has-grid-size say the same/,
    ],
    ["--method cam --adl", /--adl is for CALM, not for cam: --method adl is CAM with it/],
    ["--method acol --augment has", /--augment is for cam and CALM, not for acol/],
    ["--method cam --acol-threshold 0.5", /--acol-threshold is for acol, not for cam/],
    [
      "--method spg --spg-threshold-1l 0.9",
      /-1l is 0\.9, expected at most --spg-threshold-1h, 0\.7/,
    ],
    ["--method has --prior relu", /--prior is for CALM, which has a location prior, not for has/],
    ["--method spg --arch vgg16 --dropout 0.2", /--dropout is for Inception, not vgg16/],
    ["--method cutmix --cutmix-prob 2", /--cutmix-prob is "2", expected a number from 0 to 1/],
  ];
  await Promise.all(
    refused.map(([options, message]) => refuses(["train", ...options.split(" ")], message)),
  );
});

gpuTest("a rival is trained, explained by its own map, and evaluated", async () => {
  await withBirds(async (data, out) => {
    const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out", out];
    const trained = await calm([...train, "--method", "acol", "--acol-threshold", "0.6", "--json"]);
    assert.equal(trained.code, 0, trained.stderr);
    assert.equal(JSON.parse(trained.stdout).method, "acol");
    const { code, stdout, stderr } = await calm([
      ...["eval", "wsol", "--data", data, "--checkpoint", out, "--map", "acol,cam-minmax"],
      ...["--step", "0.05", "--json"],
    ]);
    assert.equal(code, 0, stderr);
    const titles = stderr + stdout;
    assert.match(titles, /ACoL/);
    assert.match(titles, /classifier A/);
    const axioms = ["eval", "axioms", "--data", data, "--checkpoint", out];
    await refuses(axioms, /Axioms are for models whose last layers look at one cell at a time/);
  });
});
