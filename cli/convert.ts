import type { Command } from "./command.ts";
import { fileIdentities } from "../data/files.ts";
import { UserError } from "../engine/errors.ts";
import { parseHeader } from "../model/stored/checkpoint_header.ts";
import { CHECKPOINT_FORMAT } from "../model/stored/restore.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { verifiedTensors } from "../weights/checksums.ts";
import { expectFinite } from "../weights/finite.ts";
import { type StoredTensor, toFloat32 } from "../weights/host_tensor.ts";
import { safetensorsChunks } from "../weights/safetensors.ts";
import { openStateFile } from "../weights/state_file.ts";
import { torchChunks } from "../weights/torch_writer.ts";
import { checkpointAt, WEIGHTS_OPTION } from "./model_options.ts";
import { tellResult, warn } from "./progress.ts";

/** `./calm convert IN OUT`. */
const convert: Command = {
  spec: {
    name: "convert",
    summary: "Copies the network's tensors of a checkpoint to another format, types and values " +
      "unchanged: to safetensors, or to a PyTorch file that torch.load(…, weights_only=True) " +
      "reads. The ending of OUT decides. Names are torchvision's. What a checkpoint of ours says of " +
      "itself goes with it; momentum is left out, so that training cannot go on from a copy.",
    positionals: ["IN", "OUT.safetensors|OUT.pth"],
    options: { weights: WEIGHTS_OPTION },
    examples: [
      "./calm convert runs/birds-calm-em/checkpoint.safetensors birds.pth",
      "./calm convert last_checkpoint.pth.tar calm-em-cub.safetensors",
    ],
  },
  async run(options) {
    const [input, to] = options.positionals;
    if (!input || !to) throw new UserError("./calm convert takes: IN OUT");
    const from = checkpointAt(input);
    const isTorch = /\.(pth|pt|pth\.tar)$/.test(to);
    if (!isTorch && !to.endsWith(".safetensors")) {
      throw new UserError(`${to} should end in .safetensors, .pth or .pt`);
    }
    const source = await fileIdentities(from);
    if ((await fileIdentities(to)).some((id) => source.includes(id))) {
      throw new UserError(`${to} is the file to copy from: name another OUT`);
    }
    const file = await openStateFile(from, { weights: options.text("weights"), say: warn });
    try {
      const tensors = new Map(
        [...verifiedTensors(file)]
          .filter(([name]) => !name.startsWith("optimizer."))
          .map(([name, tensor]) => [name, checked(from, name, tensor)]),
      );
      const metadata: Record<string, string> = { format: "pt", ...file.metadata };
      const isOurs = metadata.format === CHECKPOINT_FORMAT;
      if (isOurs) parseHeader(from, metadata.header);
      await writeAtomically(
        to,
        isTorch
          ? torchChunks(to, tensors, isOurs ? metadata : undefined)
          : safetensorsChunks({ tensors, metadata }),
      );
      const left = file.tensors.size - tensors.size;
      tellResult(
        `${to}: ${tensors.size} tensors` + (left > 0 ? `; ${left} of the optimiser left out` : ""),
      );
      return { input: from, output: to, tensors: tensors.size };
    } finally {
      file.close();
    }
  },
};

export default convert;

/** The same tensor, refused when it is read and a value is not finite. */
function checked(path: string, name: string, { type, shape, read }: StoredTensor): StoredTensor {
  return {
    type,
    shape,
    async read() {
      const bytes = await read();
      // Doubles stay doubles, beyond float32's range, too.
      const data = type === "F64"
        ? new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)
        : toFloat32(bytes, type);
      expectFinite(path, name, { data });
      return bytes;
    },
  };
}
