import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../engine/errors.ts";
import type { SharedData } from "./contestant.ts";
import type { NetworkOptions } from "./network.ts";
import { resnet50Onnx } from "./peers/resnet50_onnx.ts";
import type { Row } from "./race.ts";
import { median, spread, time } from "./statistics.ts";
import { removeAtExit } from "../weights/remove_at_exit.ts";

/** Processes of each, by turns. */
const ROUNDS = 3;

const SCRIPT = fileURLToPath(new URL("./first_result.ts", import.meta.url));

/**
 * Time from the start of a new process to its first logits, the drivers' shader caches empty: ours
 * draws its initial weights, ONNX Runtime Web loads the same weights from an ONNX file.
 */
export async function coldStart(options: NetworkOptions, data: SharedData): Promise<Row> {
  const folder = await Deno.makeTempDir({ prefix: "calm-cold-" });
  const forget = removeAtExit(folder);
  try {
    const model = join(folder, "model.onnx");
    await Deno.writeFile(model, resnet50Onnx(data.weights, options));
    const times = { ours: [] as number[], ort: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const who of ["ours", "ort"] as const) {
        const cache = join(folder, `${who}-${round}`);
        await Deno.mkdir(cache);
        const command = new Deno.Command(Deno.execPath(), {
          args: ["run", "--no-lock", "--allow-all", SCRIPT, who, JSON.stringify(options), model],
          // Mesa's and NVIDIA's names for the place of the cache.
          env: { MESA_SHADER_CACHE_DIR: cache, __GL_SHADER_DISK_CACHE_PATH: cache },
          stdout: "null",
          stderr: "piped",
        });
        times[who].push(
          await time(async () => {
            const { success, stderr } = await command.output();
            if (!success) throw new UserError(`${who}: ${new TextDecoder().decode(stderr)}`);
          }),
        );
      }
    }
    const [ours, ort] = [median(times.ours), median(times.ort)];
    return {
      name: "first result of a new process",
      ours_ms: ours,
      gflops: null,
      peak_share: null,
      peer: "ONNX Runtime Web WebGPU",
      peer_ms: ort,
      ratio: ort / ours,
      spread: { ours: spread(times.ours), peer: spread(times.ort) },
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
    forget();
  }
}
