import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import type { SharedData } from "./contestant.ts";
import type { NetworkOptions } from "./network.ts";
import { resnet50Onnx } from "./peers/resnet50_onnx.ts";
import { STAGE_STRIDES } from "../model/resnet50.ts";
import type { Row } from "./race.ts";
import { time } from "./statistics.ts";

/**
 * Time from the start of a new process to its first logits, the drivers' shader caches empty: ours
 * draws its initial weights, ONNX Runtime Web loads the same weights from an ONNX file.
 */
export async function coldStart(options: NetworkOptions, data: SharedData): Promise<
  Row & {
    readonly peer: string;
    readonly peer_ms: number;
    readonly ratio: number;
  }
> {
  const folder = await Deno.makeTempDir({ prefix: "calm-cold-" });
  try {
    const stageStrides = STAGE_STRIDES[options.stride];
    const model = join(folder, "model.onnx");
    await Deno.writeFile(model, resnet50Onnx(data.weights, { ...options, stageStrides }));
    const times: Record<string, number> = {};
    for (const who of ["ours", "ort"] as const) {
      const cache = join(folder, who);
      await Deno.mkdir(cache);
      const script = new URL("./first_result.ts", import.meta.url);
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-all", script.pathname, who, JSON.stringify(options), model],
        // Mesa's, NVIDIA's and AMD's names for the place of the cache.
        env: { MESA_SHADER_CACHE_DIR: cache, __GL_SHADER_DISK_CACHE_PATH: cache },
        stdout: "null",
        stderr: "piped",
      });
      times[who] = await time(async () => {
        const { success, stderr } = await command.output();
        if (!success) throw new UserError(`${who}: ${new TextDecoder().decode(stderr)}`);
      });
    }
    return {
      name: "first result of a new process",
      ours_ms: times.ours,
      gflops: NaN,
      peak_share: NaN,
      peer: "ONNX Runtime Web WebGPU",
      peer_ms: times.ort,
      ratio: times.ort / times.ours,
      spread: { ours: NaN, peer: NaN },
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
