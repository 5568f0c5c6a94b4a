import { Gpu } from "../engine/gpu.ts";

const required = Deno.env.get("GPU_TESTS") === "require";
const available = await navigator.gpu?.requestAdapter() != null;
// One device for all tests of a file: opening one and compiling its shaders takes longer than most
// tests. Without an adapter `Gpu.request` fails where tests are required to run.
const gpu = available || required ? await Gpu.request() : null;
if (!gpu) {
  console.error("No WebGPU adapter: tests that need one are skipped (./calm doctor tells why)");
}

/**
 * Registers a test that is handed an open device. Without an adapter it is skipped, or fails
 * where GPU_TESTS=require is set. It also fails when it leaves bytes of GPU memory behind.
 */
export function gpuTest(name: string, body: (gpu: Gpu) => Promise<void> | void): void {
  Deno.test({
    name,
    ignore: !gpu,
    async fn() {
      if (!gpu) return;
      const before = gpu.memory.live;
      await body(gpu);
      await gpu.idle();
      const left = gpu.memory.live - before;
      if (left !== 0) throw new Error(`The test left ${left} bytes of GPU memory live`);
    },
  });
}
