import assert from "node:assert/strict";
import { decodePicture } from "../../data/codecs.ts";
import { decodeNpy } from "../../eval/npy.ts";
import { gpuTest } from "../gpu.ts";
import { calm, refuses, SMALL, withBirds } from "./calm.ts";

/** Path and class of an output. */
interface Output {
  readonly map: string;
  readonly class: string;
  readonly against?: string;
  readonly npy: string;
  readonly png: string;
}

gpuTest(
  "explain: folders and patterns, every kind of map, figures with their numbers",
  async () => {
    await withBirds(async (data, out) => {
      const train = ["train", "--data", data, ...SMALL, "--epochs", "1", "--out", out];
      assert.equal((await calm(train)).code, 0);
      const checkpoint = ["--checkpoint", `${out}/checkpoint.safetensors`, "--out", `${out}/maps`];
      const explain = async (...args: string[]) => {
        const { code, stdout, stderr } = await calm(["explain", ...args, ...checkpoint, "--json"]);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
      };
      const [folder] = await Array.fromAsync(Deno.readDir(`${data}/images`));
      const pictures = `${data}/images/${folder.name}`;
      const names = (await Array.fromAsync(Deno.readDir(pictures))).map(({ name }) => name).sort();
      assert.equal((await explain(pictures)).outputs.length, names.length);

      const maps = "joint,subset,counterfactual,gradient,grad-cam++";
      const options = ["--class", "1", "--against", "2", "--classes", "0,1,2", "--npy"];
      const pattern = `${pictures}/*${names[0].slice(-6)}`;
      const { outputs, figures } = await explain(pattern, "--map", maps, ...options);
      assert.deepEqual(outputs.map(({ map }: Output) => map), maps.split(","));
      const read = async ({ npy }: Output) => decodeNpy(await Deno.readFile(npy), npy);
      const [joint, subset, counterfactual, gradient] = await Promise.all(
        (outputs as Output[]).map(read),
      );
      assert.deepEqual([joint.shape, gradient.shape], [[8, 8], [32, 32]]);
      const total = subset.values.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(total - 1) < 1e-5, "all classes together: p(z|x), which sums to 1");
      assert.match(outputs[2].against, /^003\./);
      assert.ok(counterfactual.values.every((value, z) => value < joint.values[z]));

      const [{ svg, png }] = figures;
      const text = await Deno.readTextFile(svg);
      assert.equal(text.match(/<image /g)!.length, 6);
      for (const part of ["counterfactual", "Grad-CAM++", "3 classes", "p(y|x) = "]) {
        assert.ok(text.includes(part), part);
      }
      const figure = await decodePicture(await Deno.readFile(png), png);
      assert.ok(figure.width > 1500 && figure.height > 900);

      const resized = await explain(pattern, "--class", "1", "--npy", "--resize");
      assert.deepEqual((await read(resized.outputs[0])).shape, [32, 32]);

      // A JPEG that was held upright: as high as it is wide in the file.
      await Deno.remove(`${out}/maps`, { recursive: true });
      const source = await Deno.readFile(`${pictures}/${names[0]}`);
      const { width, height } = await decodePicture(source, names[0]);
      const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1];
      const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0];
      const header = [0xff, 0xe1, 0, 2 + exif.length + entry.length, ...exif, ...entry];
      const turned = Uint8Array.from([...source.subarray(0, 2), ...header, ...source.subarray(2)]);
      await Deno.writeFile(`${data}/turned.jpg`, turned);
      const [map] = (await explain(`${data}/turned.jpg`)).outputs as Output[];
      const drawn = await decodePicture(await Deno.readFile(map.png), map.png);
      assert.deepEqual([drawn.width, drawn.height], [height, width]);

      const picture = `${pictures}/${names[0]}`;
      const given = checkpoint.slice(0, 2);
      await refuses(["explain", picture, ...given, "--map", "subset"], /subset needs --classes/);
      await refuses(
        ["explain", picture, ...given, "--against", "9"],
        /--against is "9", expected a/,
      );
      await refuses(["explain", `${pictures}/*.tiff`, ...given], /\*\.tiff: no picture \(\.jpg/);
      await refuses(["explain", `${data}/none.jpg`, ...given], /none\.jpg cannot be read/);
      await refuses(["explain"], /explain needs a picture/);
    });
  },
);
