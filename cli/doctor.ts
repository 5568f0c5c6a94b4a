import { Gpu } from "../engine/gpu.ts";
import { mebibytes } from "../engine/memory.ts";
import type { Command } from "./command.ts";
import { tellResult } from "./progress.ts";

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBuffersPerShaderStage",
] as const;

/** `./calm doctor`: what this machine offers and what is missing. */
const doctor: Command = {
  spec: {
    name: "doctor",
    summary: "Reports the WebGPU adapter, its limits and features, and what to do about problems.",
    options: {},
  },
  async run() {
    const environment = {
      deno: Deno.version.deno,
      system: `${Deno.build.os} ${Deno.build.arch}`,
      backend: Deno.env.get("DENO_WEBGPU_BACKEND") ?? "chosen by Deno",
    };
    for (const [name, value] of Object.entries(environment)) row(name, value);
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) {
      row("adapter", "none");
      row("what to do", remedy());
      return { ...environment, adapter: null, advice: remedy(), failed: true };
    }
    const gpu = await Gpu.request();
    const { description, fallback } = gpu.adapter;
    const features = [...adapter.features].sort();
    const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
    gpu.destroy();

    row("adapter", description);
    row("kind", fallback ? "software: shaders run on the processor" : "a GPU");
    for (const [name, value] of Object.entries(limits)) {
      row(name, /Size$/.test(name) ? mebibytes(Number(value)) : String(value));
    }
    row("features", features.join(", "));
    const advice = await advise(fallback);
    row("what to do", advice);
    return { ...environment, adapter: { description, fallback }, limits, features, advice };
  },
};

export default doctor;

function row(name: string, value: string): void {
  tellResult(`${name.padEnd(34)}${value}`);
}

function remedy(): string {
  if (Deno.build.os !== "linux") return "Update the graphics driver; WebGPU needs no other driver.";
  return "Install your GPU's Vulkan driver, or Mesa's software driver: on Debian and Ubuntu " +
    "`apt-get install mesa-vulkan-drivers` (Debian 12: add `-t bookworm-backports`), or run " +
    "./calm doctor as root, which does it.";
}

async function advise(fallback: boolean): Promise<string> {
  if (!fallback) return "Nothing: the adapter is ready.";
  const advice = "Nothing, if there is no GPU here: everything runs, more slowly. " +
    "With one, install its Vulkan driver.";
  return Deno.build.os === "linux" && await isDebian12()
    ? `${advice} On Debian 12 Mesa from bookworm-backports is three to four times faster than ` +
      "Debian's own; ./calm installs it."
    : advice;
}

async function isDebian12(): Promise<boolean> {
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  return /VERSION_CODENAME=bookworm/.test(release);
}
