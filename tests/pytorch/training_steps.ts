import { openGpu } from "../../model/open_gpu.ts";
import type { HostTensor } from "../../weights/host_tensor.ts";
import { toFile } from "../../weights/layout.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { trainResNet50 } from "../reference/training_steps.ts";

/** Writes weights and gradients of each training step of a case to FOLDER/STEP.safetensors. */
const [folder, steps, text] = Deno.args;
const gpu = await openGpu();
await trainResNet50(gpu, JSON.parse(text), Number(steps), async (step, loss, model) => {
  const tensors = new Map<string, HostTensor>();
  for (const { name, tensor } of model.parameters()) {
    tensors.set(`weight ${name}`, await toFile(tensor));
    tensors.set(`gradient ${name}`, await toFile(tensor.gradient!));
  }
  const bytes = await encodeSafetensors({ tensors, metadata: { loss: String(loss) } });
  await Deno.writeFile(`${folder}/${step}.safetensors`, bytes);
});
gpu.destroy();
