import assert from "node:assert/strict";
import { basename } from "node:path";
import { decodePicture, encodePng } from "../../data/codecs.ts";
import { decodeNpy } from "../../eval/measures/npy.ts";
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

      // Folders: links are followed, hidden files are not meant, names stay apart.
      const mixed = `${data}/mixed`;
      await Deno.mkdir(mixed);
      const [a, b, c] = await Promise.all(
        names.slice(0, 3).map((name) => Deno.readFile(`${pictures}/${name}`)),
      );
      await Deno.writeFile(`${mixed}/a.jpg`, a);
      await Deno.writeFile(`${mixed}/a-2.jpg`, b);
      await Deno.writeFile(`${mixed}/a.png`, await encodePng(await decodePicture(c, "c")));
      await Deno.writeFile(`${mixed}/._a.jpg`, Uint8Array.of(0, 5, 22, 7));
      await Deno.symlink(`${pictures}/${names[1]}`, `${mixed}/link.jpg`);
      const apart = (await explain(mixed)).figures.map(({ image, png }: Record<string, string>) => [
        basename(image),
        basename(png),
      ]);
      assert.deepEqual(apart, [
        ["a-2.jpg", "a-2.png"],
        ["a.jpg", "a.png"],
        ["a.png", "a-3.png"],
        ["link.jpg", "link.png"],
      ]);

      // What is written never replaces what is explained.
      const beside = [...checkpoint.slice(0, 2), "--out", `${mixed}/../mixed`];
      const before = await Deno.readFile(`${mixed}/a.png`);
      await refuses(
        ["explain", `${mixed}/a.png`, ...beside],
        /mixed\/a\.png would be written over .*a\.png, a picture to explain: choose another --out/,
      );
      assert.deepEqual(await Deno.readFile(`${mixed}/a.png`), before);

      // Damaged pictures stop, or are left out by name.
      await Deno.writeFile(`${mixed}/b.jpg`, b.subarray(0, 900));
      await fails(["explain", mixed, ...checkpoint], /b\.jpg is damaged.*; --skip-corrupt leaves/);
      const left = await explain(mixed, "--skip-corrupt");
      assert.equal(left.figures.length, 4);
      assert.deepEqual(left.skipped.map(({ image }: { image: string }) => basename(image)), [
        "b.jpg",
      ]);
      await fails(
        ["explain", `${mixed}/b.jpg`, ...checkpoint, "--skip-corrupt"],
        /None of the 1 pictures is sound/,
      );

      const picture = `${pictures}/${names[0]}`;
      const given = checkpoint.slice(0, 2);
      await refuses(["explain", picture, ...given, "--map", "subset"], /subset needs --classes/);
      const added = [...given, "--map", "subset", "--classes"];
      await refuses(
        ["explain", picture, ...added, "1,0,1"],
        /--classes has class 1 twice, expected each class once/,
      );
      for (
        const [option, value, where] of [["classes", "0,1", "subset"], ["against", "1", "coun"]]
      ) {
        await refuses(
          ["explain", picture, ...given, `--${option}`, value],
          new RegExp(`--${option} is for --map ${where}.*, which is not asked for`),
        );
      }
      await refuses(
        ["explain", picture, ...given, "--resize"],
        /--resize is for --npy, which is not/,
      );
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

/** Like `refuses`, after lines about other pictures. */
async function fails(args: string[], message: RegExp): Promise<void> {
  const { code, stderr } = await calm(args);
  assert.equal(code, 1, stderr);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^\s+at /m);
}
