import { loadRasteriser, Resvg } from "../../../data/rasteriser.ts";
import { loadFonts } from "./fonts.ts";

/** Draws an SVG picture, text included, as PNG. `zoom` multiplies its size in pixels. */
export async function rasterise(svg: string, zoom = 1): Promise<Uint8Array> {
  const [{ plain, bold }] = await Promise.all([loadFonts(), loadRasteriser()]);
  const image = new Resvg(svg, {
    font: { fontBuffers: [plain, bold], defaultFontFamily: "DejaVu Sans" },
    fitTo: { mode: "zoom", value: zoom },
  });
  return image.render().asPng();
}
