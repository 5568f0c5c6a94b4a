/**
 * Where a model looks in a picture, in ten lines.
 *
 *     deno run --allow-read examples/explain_picture.ts viewer/birds.safetensors \\
 *         viewer/samples/northern-mossthrush.jpg
 */
import { decodePicture } from "@calm/webgpu/data";
import { Gpu } from "@calm/webgpu/engine";
import { mapsOfPicture, ownKind } from "@calm/webgpu/maps";
import { openModel } from "@calm/webgpu/model";

const [checkpoint, path] = Deno.args;
const gpu = await Gpu.request();
const opened = await openModel(gpu, checkpoint);
const maps = mapsOfPicture(opened, await decodePicture(await Deno.readFile(path), path));
const [{ predicted, probabilities }] = await maps.explanations();
const { width, values } = (await maps.of(ownKind(opened.options.method), [[predicted]]))(
  0,
  predicted,
);
const at = values.indexOf(Math.max(...values));
const [row, column] = [Math.floor(at / width) + 1, at % width + 1];
console.log(`${opened.classNames?.[predicted]}, p = ${probabilities[predicted].toFixed(3)}`);
console.log(`the cue is likeliest in row ${row}, column ${column}: ${values[at].toFixed(4)}`);
gpu.destroy();
