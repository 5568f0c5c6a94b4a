import * as esbuild from "esbuild-wasm/esm/browser.js";
import config from "../deno.json" with { type: "json" };
import { UserError } from "../engine/errors.ts";

/** esbuild as WebAssembly: the native one is a program of its own and would need --allow-run. */
const WASM = "esbuild-wasm/esbuild.wasm";

let ready: Promise<void> | null = null;

async function start(): Promise<void> {
  const bytes = await Deno.readFile(new URL(import.meta.resolve(WASM)));
  await esbuild.initialize({ wasmModule: await WebAssembly.compile(bytes), worker: false });
}

/** Finds and reads modules by their addresses; shaders are texts. */
const FILES: esbuild.Plugin = {
  name: "files",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path, importer }) => {
      if (kind === "entry-point") return { path, namespace: "url" };
      if (/^\.\.?\//.test(path)) return { path: new URL(path, importer).href, namespace: "url" };
      const own = ownModule(path);
      if (own) return { path: own.href, namespace: "url" };
      return { errors: [{ text: `${importer} imports ${path}, which browsers do not have` }] };
    });
    build.onLoad({ filter: /.*/, namespace: "url" }, async ({ path }) => ({
      contents: await Deno.readTextFile(new URL(path)),
      loader: path.endsWith(".wgsl") ? "text" : "ts",
    }));
  },
};

/** A module that this program exports, by its name there: `@calm/webgpu/engine`. */
function ownModule(path: string): URL | null {
  const { name, exports } = config;
  const found = Object.entries(exports).find(([entry]) => path === name + entry.slice(1));
  return found ? new URL(`../${found[1]}`, import.meta.url) : null;
}

/**
 * Bundles a module and all that it imports into one minified module for browsers.
 *
 * @throws {UserError} when something is imported that browsers do not have, naming it
 */
export async function bundle(entry: URL): Promise<Uint8Array<ArrayBuffer>> {
  await (ready ??= start());
  try {
    const { outputFiles: [{ contents }] } = await esbuild.build({
      entryPoints: [entry.href],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      write: false,
      logLevel: "silent",
      plugins: [FILES],
    });
    return contents as Uint8Array<ArrayBuffer>;
  } catch (error) {
    throw new UserError(`The page cannot be bundled: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
