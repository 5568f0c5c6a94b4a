import * as ort from "npm:onnxruntime-web@1.30.0/webgpu";
import type { Contestant, NetworkShape } from "../contestant.ts";

/**
 * An ONNX model on ONNX Runtime Web's WebGPU provider, with all graph optimisations (it merges
 * batch norms into the convolutions before them).
 *
 * @param model input `x` `[batch, 3, size, size]`, output `logits`
 * @param images `[batch, size, size, 3]`
 */
export async function ortNetwork(
  model: Uint8Array,
  { batch, size }: NetworkShape,
  images: Float32Array,
): Promise<Contestant> {
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["webgpu"],
    graphOptimizationLevel: "all",
  });
  const planes = new Float32Array(images.length);
  const area = size * size;
  for (let i = 0; i < images.length; i++) {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [n, place] = [Math.floor(pixel / area), pixel % area];
    planes[(n * 3 + channel) * area + place] = images[i];
  }
  const run = async () => {
    const x = new ort.Tensor("float32", planes, [batch, 3, size, size]);
    const { logits } = await session.run({ x });
    const values = await logits.getData() as Float32Array;
    logits.dispose();
    return values;
  };
  return {
    name: `ONNX Runtime Web ${ort.env.versions.web} WebGPU`,
    phases: { "inference": run },
    logits: run,
    close: () => session.release(),
  };
}
