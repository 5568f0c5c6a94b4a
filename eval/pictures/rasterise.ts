import { initWasm, Resvg } from "@resvg/resvg-wasm";
// Imported so that the package is fetched with the others; its fonts are read as files.
import fonts from "dejavu-fonts-ttf/package.json" with { type: "json" };

let ready: Promise<Uint8Array[]> | null = null;

async function prepare(): Promise<Uint8Array[]> {
  const read = (name: string) => Deno.readFile(new URL(import.meta.resolve(name)));
  const module = read("@resvg/resvg-wasm/index_bg.wasm");
  const files = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];
  const loaded = await Promise.all(files.map((file) => read(`${fonts.name}/ttf/${file}`)));
  await initWasm(await module);
  return loaded;
}

/** Draws an SVG picture, text included, as PNG. `zoom` multiplies its size in pixels. */
export async function rasterise(svg: string, zoom = 1): Promise<Uint8Array> {
  const fontBuffers = await (ready ??= prepare());
  const image = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: "DejaVu Sans" },
    fitTo: { mode: "zoom", value: zoom },
  });
  return image.render().asPng();
}
