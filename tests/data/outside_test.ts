import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** What other programs may want of the data and the pictures. */
const MODULES = ["data/codecs.ts", "data/rasteriser.ts", "eval/present/pictures/rasterise.ts"];

Deno.test("modules work in other programs, without this project's deno.json", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const address = (path: string) => new URL(`../../${path}`, import.meta.url).href;
    const photograph = fileURLToPath(new URL("../goldens/photograph.jpg", import.meta.url));
    await Deno.writeTextFile(
      `${folder}/mine.ts`,
      MODULES.map((path) => `import * as _${path.replace(/\W/g, "_")} from "${address(path)}";\n`)
        .join("") +
        `import { decodePicture } from "${address("data/codecs.ts")}";
const picture = await decodePicture(await Deno.readFile(${
          JSON.stringify(photograph)
        }), "photograph");
console.log(picture.width, picture.height);\n`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "--no-lock", "--allow-read", `${folder}/mine.ts`],
      cwd: folder,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "224 224\n", new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
