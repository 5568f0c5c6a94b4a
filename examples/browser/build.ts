/**
 * Writes the page as files, for any web server on localhost or behind https.
 *
 *     deno run --allow-read --allow-write examples/browser/build.ts DIR
 */
import { join } from "node:path";
import { bundle } from "../../viewer/bundle.ts";

const [folder = "browser-example"] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
await Deno.writeFile(
  join(folder, "train.js"),
  await bundle(new URL("train.ts", import.meta.url)),
);
await Deno.copyFile(new URL("index.html", import.meta.url), join(folder, "index.html"));
console.log(`The page is in ${folder}`);
