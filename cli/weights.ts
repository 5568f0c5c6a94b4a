import type { Command } from "./command.ts";
import { UserError } from "../engine/errors.ts";
import { mebibytes } from "../engine/memory.ts";
import { fitBackbone, placesOfArchitecture } from "../model/stored/backbone_fit.ts";
import { flawOf } from "../weights/finite.ts";
import { ELEMENT_BYTES, elements, readFloat32 } from "../weights/host_tensor.ts";
import { printable } from "../weights/shown.ts";
import { openStateFile, type StateFile } from "../weights/state_file.ts";
import { checkpointAt, WEIGHTS_OPTION } from "./model_options.ts";
import { tellResult, warn } from "./progress.ts";
import { architectureOf, ARCHITECTURES } from "../model/backbones/list.ts";
import { networkName } from "../model/backbones/network_name.ts";
import { benchmarkNetworkOf } from "../model/stored/benchmark_names.ts";
import { lastWeight } from "../model/methods.ts";

/** `./calm weights inspect FILE`. */
const weights: Command = {
  spec: {
    name: "weights",
    summary: "Reads safetensors and PyTorch's files; no code in them is run.",
    topics: {
      inspect: "says what a checkpoint holds: names, types and shapes of its tensors, which " +
        "backbone they fit, and values that are NaN or infinite",
    },
    positionals: ["inspect", "FILE"],
    options: { weights: WEIGHTS_OPTION },
    examples: ["./calm weights inspect resnet50-19c8e357.pth"],
  },
  async run(options) {
    const [action, path] = options.positionals;
    if (action !== "inspect" || !path) {
      throw new UserError("./calm weights takes: inspect FILE");
    }
    const checkpoint = checkpointAt(path);
    const file = await openStateFile(checkpoint, { weights: options.text("weights"), say: warn });
    try {
      const tensors = [...file.tensors].map(([name, { type, shape }]) => ({ name, type, shape }));
      const numbers = tensors.reduce((sum, { shape }) => sum + elements(shape), 0);
      const bytes = tensors
        .reduce((sum, { type, shape }) => sum + elements(shape) * ELEMENT_BYTES[type], 0);
      const width = Math.max(...tensors.map(({ name }) => name.length));
      for (const { name, type, shape } of tensors) {
        tellResult(`${printable(name).padEnd(width)}  ${type.padEnd(4)}  ${shape.join("×")}`);
      }
      for (const [key, value] of Object.entries(file.metadata)) {
        tellResult(`${printable(key)}: ${printable(value, 100)}`);
      }
      const { architecture, classes, sentence } = backboneOf(file);
      tellResult(
        `${file.format}, ${tensors.length} tensors, ${numbers.toLocaleString("en")} numbers, ` +
          `${mebibytes(bytes)}\n${sentence}`,
      );
      const flaws = await flawsOf(file);
      for (const [name, flaw] of Object.entries(flaws)) {
        tellResult(
          `damaged: ${printable(name)} ${flaw}; it is refused wherever it would be used`,
        );
      }
      const { format, metadata } = file;
      const network = networkName(namedAsHere(file).tensors);
      return {
        ...{ path, format, tensors, numbers, bytes, architecture, classes, metadata },
        network,
        flaws,
      };
    } finally {
      file.close();
    }
  },
};

export default weights;

/** The architecture of which a file holds every tensor, and a sentence on what it holds. */
function backboneOf(file: StateFile): {
  readonly architecture: string | null;
  readonly classes: number | null;
  readonly sentence: string;
} {
  const { tensors, methods } = namedAsHere(file);
  const architecture = architectureOf({ tensors });
  const classes = tensors.get(lastWeight(methods?.[0] ?? "cam"))?.shape[0] ?? null;
  if (!architecture) {
    const network = networkName(tensors);
    const sentence = network
      ? `${network}: none of the backbones here (${ARCHITECTURES.join(", ")})`
      : "no backbone that is known here";
    return { architecture: null, classes, sentence };
  }
  const places = placesOfArchitecture(architecture, methods?.[0]);
  const fit = fitBackbone(architecture, places, tensors);
  if (typeof fit === "string") {
    return { architecture: null, classes, sentence: `no whole backbone: it ${fit}` };
  }
  const head = classes === null
    ? "no conv_last: a backbone for --pretrained"
    : methods
    ? `the last layers of ${methods.join(" or ")} for ${classes} classes`
    : `conv_last for ${classes} classes, ` +
      (tensors.has("attention.0.weight") ? "with prior branch" : "without prior branch");
  return { architecture, classes, sentence: `${architecture}; ${head}` };
}

/** The tensors by our names, and the methods of the WSOL benchmark that they may be of. */
function namedAsHere(file: StateFile) {
  return { tensors: file.tensors, methods: null, ...benchmarkNetworkOf(file) };
}

/** What is wrong with the values of tensors, by their names. Reads the whole file. */
async function flawsOf({ tensors }: StateFile): Promise<Record<string, string>> {
  const flaws: Record<string, string> = {};
  for (const [name, tensor] of tensors) {
    const flaw = flawOf(name, await readFloat32(tensor));
    if (flaw !== null) flaws[name] = flaw;
  }
  return flaws;
}
