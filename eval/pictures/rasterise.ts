import { Resvg } from "@resvg/resvg-wasm";
// Imported so that the package is fetched with the others; its fonts are read as files.
import fonts from "dejavu-fonts-ttf/package.json" with { type: "json" };
import { loadRasteriser } from "../../data/rasteriser.ts";

let fontFiles: Promise<Uint8Array[]> | undefined;

function loadFonts(): Promise<Uint8Array[]> {
  return fontFiles ??= Promise.all(
    ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
      Deno.readFile(new URL(import.meta.resolve(`${fonts.name}/ttf/${file}`)))
    ),
  );
}

/** Draws an SVG picture, text included, as PNG. `zoom` multiplies its size in pixels. */
export async function rasterise(svg: string, zoom = 1): Promise<Uint8Array> {
  const [fontBuffers] = await Promise.all([loadFonts(), loadRasteriser()]);
  const image = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: "DejaVu Sans" },
    fitTo: { mode: "zoom", value: zoom },
  });
  return image.render().asPng();
}
