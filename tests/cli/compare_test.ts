import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { colourMap } from "../../eval/present/pictures/colour_map.ts";
import { shortNumber } from "../../eval/present/pictures/svg.ts";
import { decodeNpy } from "../../eval/measures/npy.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

const PICTURE = fileURLToPath(new URL("../goldens/photograph.jpg", import.meta.url));

interface Output {
  readonly map: string;
  readonly npy: string;
  readonly png: string;
  readonly class: string;
  readonly checkpoint?: string;
}

async function succeeds(args: string[]) {
  const { code, stdout, stderr } = await calm([...args, "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

gpuTest("explain: models side by side, scales, colours; figures name their model", async () => {
  await withBirds(async (data, out) => {
    const [em, cam] = [`${out}/em`, `${out}/cam`];
    const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out"];
    await succeeds([...train, em, "--method", "calm-em"]);
    await succeeds([...train, cam, "--method", "cam"]);
    const explain = ["explain", PICTURE, "--npy", "--out", `${out}/maps`, "--checkpoint"];

    const both = await succeeds([...explain, `${em},${cam}`, "--map", "joint,cam,gradient"]);
    const files = ["em", "cam"].map((name) => `${out}/${name}/checkpoint.safetensors`);
    assert.equal(both.checkpoint, files.join(","));
    assert.deepEqual(
      both.outputs.map(({ map, checkpoint }: Output) => [map, checkpoint]),
      [["joint", files[0]], ["gradient", files[0]], ["cam", files[1]], ["gradient", files[1]]],
    );
    for (const { npy, png, checkpoint } of both.outputs as Output[]) {
      assert.match(npy, checkpoint === files[0] ? /maps\/em\/photo/ : /maps\/cam\/photo/);
      assert.ok((await Deno.stat(png)).isFile);
    }
    assert.equal(new Set(both.outputs.map((each: Output) => each.class)).size, 1);
    const svg = await Deno.readTextFile(both.figures[0].svg);
    assert.match(svg, />CALM_EM em</);
    assert.match(svg, />CAM cam</);
    // Maps of the same kind stand below each other; the one that CAM has not leaves a gap.
    const places = [...svg.matchAll(/<image x="([\d.]+)"/g)].map(([, x]) => Number(x));
    const [left, joint, gradient] = places;
    assert.deepEqual(places.slice(3, 4), [left]);
    assert.ok(joint < places[4] && places[4] < gradient && places[5] === gradient, `${places}`);
    const none = await calm([...explain, `${em},${cam}`, "--map", "joint,joint", "--json"]);
    assert.match(none.stderr, /cam\/checkpoint\.safetensors has none of these maps: joint/);
    assert.equal(JSON.parse(none.stdout).outputs.length, 1, "a map that is named twice is one");
    // A model alone has the same maps.
    const alone = await succeeds([...explain, cam, "--map", "gradient", "--class", "0"]);
    assert.equal(alone.outputs[0].checkpoint, undefined);
    const again = await succeeds([...explain, `${em},${cam}`, "--map", "gradient", "--class", "0"]);
    assert.deepEqual(
      await Deno.readFile(alone.outputs[0].npy),
      await Deno.readFile(again.outputs[1].npy),
    );

    // The brightest colour of an unlikely class stands for the winner's maximum.
    const [winner] = (await succeeds([...explain, em])).outputs as Output[];
    const names = (await Deno.readTextFile(`${data}/classes.txt`)).trimEnd().split("\n")
      .map((line) => line.split(" ")[1]);
    const other = names.find((name) => name !== winner.class)!;
    const peak = async ({ npy }: Output) =>
      Math.max(...decodeNpy(await Deno.readFile(npy), npy).values);
    const own = await succeeds([...explain, em, "--class", other]);
    const top = Math.max(await peak(winner), await peak(own.outputs[0]));
    const shared = await succeeds([...explain, em, "--class", other, "--scale", "shared"]);
    const bar = async (figure: { svg: string }) => await Deno.readTextFile(figure.svg);
    assert.ok((await bar(shared.figures[0])).includes(`>${shortNumber(top)}<`));
    // Differences of logits are no measure for differences of probabilities.
    const units = ["--map", "counterfactual", "--class", names[0], "--against", names[1]];
    const mixed = await succeeds([...explain, `${em},${cam}`, ...units, "--scale", "shared"]);
    const text = await bar(mixed.figures[0]);
    const size = async ({ npy }: Output) =>
      Math.max(...decodeNpy(await Deno.readFile(npy), npy).values.map(Math.abs));
    const [logits] = (await succeeds([...explain, cam, ...units])).outputs as Output[];
    assert.ok(text.includes("p(ŷ, z | x) − p(y′, z | x)") && text.includes("f(ŷ, z) − f(y′, z)"));
    const tops = [...text.matchAll(/>(?:−)([\d.]+(?:e−\d+)?)</g)]
      .map(([, number]) => Number(number.replace("−", "-")));
    assert.equal(tops.length, 2);
    assert.ok(tops[0] < 1, `${tops}`);
    assert.ok(tops[1] >= 0.99 * await size(logits) && tops[0] !== tops[1], `${tops}`);
    const fixed = await succeeds([...explain, em, "--vmax", "0.25", "--colours", "viridis"]);
    assert.ok((await bar(fixed.figures[0])).includes(">0.250<"));
    assert.ok((await bar(fixed.figures[0])).includes(`rgb(${colourMap("viridis")(1 - 0.5 / 64)})`));

    await refuses(
      [...explain, cam, "--map", "cam", "--colours", "jet"],
      /--colours is for maps without negative values; cam: red and blue/,
    );
    await refuses([...explain, em, "--vmax", "0"], /--vmax is "0", expected a number above 0/);
    await refuses([...explain, em, "--vmax", "1", "--scale", "own"], /so --scale cannot/);
    await refuses(
      [...explain, `${em},${cam}`, "--map", "cam-mux"],
      /--map is "cam-mux", .*joint.* for models of calm-em and cam; did you mean "cam-max"\?/,
    );
    await refuses(
      [...explain, `${em},${em}`],
      /has .*em\/checkpoint\.safetensors twice, expected each model once/,
    );
    await refuses([...explain, em, "--map", "jiont"], /did you mean "joint"\?/);

    const figure = ["figure", "--data", data, "--checkpoint", `${cam},${em}`, "--out", out];
    const [verb, ...rest] = figure;
    const third = await succeeds([verb, "3", ...rest, "--pictures", "1"]);
    assert.match(await Deno.readTextFile(third.svg), />em, small-resnet</);
    await refuses(
      [verb, "3", ...rest, "--scale", "shared"],
      /--scale shared is for figures 1 and 6/,
    );
  });
});
