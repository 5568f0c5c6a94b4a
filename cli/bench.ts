import type { Command } from "./command.ts";
import { UserError } from "../engine/errors.ts";
import { METHODS } from "../model/methods.ts";
import { openGpu } from "../model/open_gpu.ts";
import { NETWORKS } from "../bench/network.ts";
import { type PeerName, PEERS } from "../bench/peers/open.ts";
import { benchKernel, kernelProblem, KERNELS } from "./bench/kernel.ts";
import { type BenchContext, NETWORK_OPTIONS, networkOptions } from "./bench/context.ts";
import { benchLayers } from "./bench/layers.ts";
import { benchNetwork, profileNetwork } from "./bench/network.ts";
import { printShader } from "./bench/print_shader.ts";
import type { ParsedOptions } from "./options.ts";
import { Progress, tellResult } from "./progress.ts";

const SUBJECTS: readonly string[] = [...NETWORKS, ...KERNELS];

/** `./calm bench`. */
const bench: Command = {
  spec: {
    name: "bench",
    summary:
      "Times a network (small-network, resnet50) beside a peer, layer by layer (--layers) or " +
      "kernel by kernel (--profile); or one product of a convolution (conv2d_forward, " +
      "conv2d_input_gradient, conv2d_weight_gradient), where your own shader can take the place " +
      "of ours (--shader). Repetitions are interleaved; medians are compared.",
    positionals: ["WHAT"],
    options: {
      peer: { type: "choice", choices: Object.keys(PEERS), help: "library to compare with" },
      method: { type: "choice", choices: METHODS, help: "last layers and loss", default: "cam" },
      ...NETWORK_OPTIONS,
      layers: { type: "flag", help: "time each convolution by itself, in each direction" },
      chart: { type: "text", value: "FILE.svg", help: "with --layers: draw a roofline chart" },
      profile: { type: "flag", help: "time every kernel of a training step (needs timestamps)" },
      trace: { type: "text", value: "FILE.json", help: "with --profile: write a Chrome trace" },
      cold: { type: "flag", help: "with --peer ort: first result of new processes, empty caches" },
      shape: {
        type: "text",
        value: "NxHxWxC,KHxKWxO",
        help: "of conv2d_…: input and kernel, e.g. 1x28x28x128,3x3x128",
      },
      "conv-stride": { type: "integer", min: 1, help: "stride of conv2d_…", default: 1 },
      shader: { type: "text", value: "FILE.wgsl", help: "your shader, to check and to time" },
      replaces: { type: "text", value: "NAME", help: "the shader whose place it takes" },
      "time-limit": {
        type: "number",
        min: 1,
        help: "seconds after which a dispatch of your shader is taken to be endless",
        default: 30,
      },
      "print-shader": { type: "text", value: "NAME", help: "print a shader and stop" },
      repetitions: {
        type: "integer",
        min: 3,
        max: 1000,
        help: "of each; with --shader at least, until the difference is certain to 1 %, or 20 s",
        default: 7,
      },
    },
    examples: [
      "./calm bench --peer tfjs --json",
      "./calm bench resnet50 --peer ort",
      "./calm bench resnet50 --layers --chart roofline.svg",
      "./calm bench --profile --trace trace.json",
      "./calm bench --print-shader conv2d_product > my.wgsl",
      "./calm bench conv2d_forward --shape 1x28x28x128,3x3x128 --shader my.wgsl \\\n" +
      "      --replaces conv2d_product",
    ],
  },
  async run(options) {
    const shader = options.text("print-shader");
    if (shader !== undefined) return await printShader(shader);
    const subject = options.positionals[0] ?? "small-network";
    if (!SUBJECTS.includes(subject)) {
      throw new UserError(`There is nothing called "${subject}": it is ${SUBJECTS.join(", ")}`);
    }
    const kernel = KERNELS.includes(subject);
    const mode = [
      ["shape", kernel],
      ["conv-stride", kernel],
      ["shader", kernel],
      ["replaces", options.has("shader")],
      ["time-limit", options.has("shader")],
      ["layers", !kernel],
      ["profile", !kernel && !options.flag("layers")],
      ["peer", !kernel && !options.flag("layers") && !options.flag("profile")],
      ["chart", options.flag("layers")],
      ["trace", options.flag("profile")],
      ...["method", ...Object.keys(NETWORK_OPTIONS)].map((name) => [name, !kernel] as const),
      ["cold", options.text("peer") === "ort"],
    ] as const satisfies (readonly [string, boolean])[];
    for (const [name, allowed] of mode) {
      if (options.has(name) && !allowed) {
        throw new UserError(`--${name} has no meaning here (./calm bench --help)`);
      }
    }
    const job = kernel ? kernelJob(subject, options) : networkJob(subject, options);
    const progress = new Progress();
    const gpu = await openGpu();
    try {
      const context = { gpu, progress, options, repetitions: options.quantity("repetitions") };
      const { description, fallback } = gpu.adapter;
      const adapter = { description, fallback };
      tellResult(`adapter: ${description}`);
      return { adapter, ...await job(context) };
    } finally {
      gpu.destroy();
    }
  },
};

export default bench;

/** What is to be done once the adapter is open; the command line has been checked before. */
type Job = (context: BenchContext) => Promise<Record<string, unknown>>;

function kernelJob(subject: string, options: ParsedOptions): Job {
  const problem = kernelProblem(options);
  return (context) => benchKernel(subject, problem, context);
}

function networkJob(subject: string, options: ParsedOptions): Job {
  const network = networkOptions(subject, options);
  const peer = options.text("peer") as PeerName | undefined;
  if (peer && PEERS[peer] !== network.network) {
    throw new UserError(
      `--peer ${peer} is timed on ${PEERS[peer]}, not on ${subject}: ` +
        `./calm bench ${PEERS[peer]} --peer ${peer}`,
    );
  }
  const layers = options.flag("layers");
  const work = layers ? benchLayers : options.flag("profile") ? profileNetwork : benchNetwork;
  return (context) => work(network, context);
}
