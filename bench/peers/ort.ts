import * as ort from "onnxruntime-web/webgpu";

/** An ONNX Runtime Web session on its WebGPU provider. */
export interface OrtSession {
  readonly name: string;
  /** Runs the model on its one input. */
  run(input: Float32Array, shape: readonly number[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Loads an ONNX model with one input, `x`, and one output, `logits`. */
export async function openOrt(model: Uint8Array): Promise<OrtSession> {
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["webgpu"],
    graphOptimizationLevel: "all",
  });
  return {
    name: `ONNX Runtime Web ${ort.env.versions.web} WebGPU`,
    async run(input, shape) {
      const x = new ort.Tensor("float32", input, shape);
      const { logits } = await session.run({ x });
      const data = await logits.getData() as Float32Array;
      logits.dispose();
      return data;
    },
    close: () => session.release(),
  };
}
