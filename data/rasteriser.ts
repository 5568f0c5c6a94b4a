import { initWasm, Resvg } from "npm:@resvg/resvg-wasm@2.6.2";

export { Resvg };

let ready: Promise<void> | undefined;

/**
 * Loads the SVG rasteriser resvg. It refuses to be loaded twice in one thread, so whoever draws
 * (the birds, the contact sheets) awaits this before making a `Resvg`.
 */
export function loadRasteriser(): Promise<void> {
  const wasm = new URL("index_bg.wasm", import.meta.resolve("npm:@resvg/resvg-wasm@2.6.2"));
  return ready ??= initWasm(Deno.readFile(wasm));
}
