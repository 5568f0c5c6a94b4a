/**
 * Run by loader_test.ts with few permissions: begins an epoch of the CUB folder that is named,
 * leaves it, and prints the first batch's size.
 */
import { loadCub } from "../../data/cub.ts";
import { BatchLoader } from "../../data/loader.ts";

const { train } = await loadCub(Deno.args[0]);
const loader = new BatchLoader(train, {
  batchSize: 4,
  transform: { resize: 18, crop: 16, flip: true },
  train: true,
  seed: 0,
  workers: 2,
  skipCorrupt: true,
});
for await (const { size } of loader.batches(1)) {
  console.log(size);
  break;
}
loader.close();
await loader.batches(2).next().catch(() => {});
