// Imported so that the package is fetched with the others; its fonts are read as files.
import fonts from "npm:dejavu-fonts-ttf@2.37.3/package.json" with { type: "json" };
import { loadRasteriser, Resvg } from "../../data/rasteriser.ts";

let fontFiles: Promise<Uint8Array[]> | undefined;

function loadFonts(): Promise<Uint8Array[]> {
  return fontFiles ??= Promise.all(
    ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
      Deno.readFile(new URL(import.meta.resolve(`npm:${fonts.name}@${fonts.version}/ttf/${file}`)))
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
