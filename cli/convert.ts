import type { Command } from "../cli.ts";
import { UserError } from "../engine/errors.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { verifiedTensors } from "../weights/checksums.ts";
import { expectFinite } from "../weights/finite.ts";
import { type StoredTensor, toFloat32 } from "../weights/host_tensor.ts";
import { safetensorsChunks } from "../weights/safetensors.ts";
import { openStateFile } from "../weights/state_file.ts";
import { torchChunks } from "../weights/torch_writer.ts";

/** `./calm convert IN OUT`. */
const convert: Command = {
  spec: {
    name: "convert",
    summary: "Copies the network's tensors of a checkpoint to another format, types and values\n" +
      "unchanged: to safetensors, or to a PyTorch file that torch.load(…, weights_only=True)\n" +
      "reads. The ending of OUT decides. Names are torchvision's; momentum is left out.",
    positionals: ["IN", "OUT.safetensors|OUT.pth"],
    options: {},
    examples: [
      "./calm convert runs/birds-calm-em/checkpoint.safetensors birds.pth",
      "./calm convert last_checkpoint.pth.tar calm-em-cub.safetensors",
    ],
  },
  async run({ positionals: [from, to] }) {
    if (!from || !to) throw new UserError("./calm convert takes: IN OUT");
    const isTorch = /\.(pth|pt|pth\.tar)$/.test(to);
    if (!isTorch && !to.endsWith(".safetensors")) {
      throw new UserError(`${to} should end in .safetensors, .pth or .pt`);
    }
    const file = await openStateFile(from);
    try {
      const tensors = new Map(
        [...verifiedTensors(file)]
          .filter(([name]) => !name.startsWith("optimizer."))
          .map(([name, tensor]) => [name, checked(from, name, tensor)]),
      );
      const metadata = { format: "pt", ...file.metadata };
      await writeAtomically(
        to,
        isTorch ? torchChunks(to, tensors) : safetensorsChunks({ tensors, metadata }),
      );
      const left = file.tensors.size - tensors.size;
      console.error(
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
