import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../engine/random.ts";
import { fullDisks } from "./disks.ts";
import { damagedFiles, hostileFiles } from "./hostile.ts";
import { killedDrawing, killedEvaluation, killedTraining } from "./kills.ts";
import { pathsBelow, succeeds } from "./program.ts";
import { twoCounts, twoDrawings, twoRuns } from "./writers.ts";

/*
 * What no test of seconds can find: see README.md in this folder.
 */

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    mutations: { type: "string", default: "20000" },
    hostile: { type: "string" },
    only: { type: "string" },
  },
});
const [kills, seed, mutations] = [values.kills, values.seed, values.mutations].map(Number);
const root = await Deno.makeTempDir({ prefix: "calm-faults-" });
console.log(`seed ${seed}; working in ${root}`);

const data = join(root, "birds");
const model = join(root, "model");
const small = ["--batch-size", "8", "--resize", "36", "--crop", "32", "--epochs", "1"];
await succeeds(["data", "birds", data, "--classes", "3", "--train", "12", "--test", "8"]);
await succeeds(["train", "--data", data, "--out", model, ...small]);
const checkpoint = join(model, "checkpoint.safetensors");
const images = (await pathsBelow(join(data, "images"))).filter((path) => path.endsWith(".jpg"));
const picture = join(data, "images", images[0]);

const random = (stream: number) => Random.of(seed, stream);
const few = Math.ceil(kills / 3);
const faults: Record<string, (folder: string) => Promise<string | null>> = {
  "killed training": (folder) => killedTraining(folder, data, kills, random(1)),
  "killed evaluation": (folder) => killedEvaluation(folder, data, checkpoint, few, random(2)),
  "killed drawing": (folder) => killedDrawing(folder, few, random(3)),
  "two runs": (folder) => twoRuns(folder, data),
  "two drawings": (folder) => twoDrawings(folder),
  "two files of counts": (folder) => twoCounts(folder, data, checkpoint),
  "full disks": (folder) => fullDisks(folder, data, checkpoint, picture),
  "damaged files": () => damagedFiles(mutations, random(4)),
  ...(values.hostile !== undefined && {
    "hostile files": (folder: string) => hostileFiles(values.hostile!, folder, checkpoint, picture),
  }),
};

let passed = 0;
let failed = 0;
for (const [n, [name, fault]] of Object.entries(faults).entries()) {
  if (values.only !== undefined && !name.includes(values.only)) continue;
  const folder = join(root, String(n));
  await Deno.mkdir(folder);
  const begun = performance.now();
  const seconds = () => `${((performance.now() - begun) / 1000).toFixed(0)} s`;
  try {
    const found = await fault(folder);
    if (found === null) {
      console.log(`${name}: left out, this machine does not allow it`);
      continue;
    }
    console.log(`${name}: ok, ${found} (${seconds()})`);
    passed++;
  } catch (error) {
    console.log(`${name}: FAILED (${seconds()})\n${(error as Error).message}`);
    failed++;
  }
}
if (failed === 0) await Deno.remove(root, { recursive: true });
else console.log(`what is left is in ${root}`);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
