// @ts-types="npm:@types/pdfkit@0.17.6"
import PDFDocument from "npm:pdfkit@0.20.2";
import SVGtoPDF from "npm:svg-to-pdfkit@0.1.8";
import { PROGRAM } from "../report/own_report.ts";
import { loadFonts } from "./fonts.ts";

/** Points of PDF in a pixel of SVG. */
const POINTS = 0.75;

/**
 * A drawing as PDF, its lines and letters as such: for papers. The same drawing gives the same bytes.
 *
 * @param svg of `svgDocument`
 */
export async function svgToPdf(svg: string): Promise<Uint8Array<ArrayBuffer>> {
  const { plain, bold } = await loadFonts();
  const [width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.slice(1).map(Number);
  const document = new PDFDocument({
    size: [width * POINTS, height * POINTS],
    margin: 0,
    info: { Producer: PROGRAM, Creator: PROGRAM, CreationDate: new Date(0) },
  });
  document.registerFont("plain", plain as Uint8Array<ArrayBuffer>);
  document.registerFont("bold", bold as Uint8Array<ArrayBuffer>);
  SVGtoPDF(document, svg, 0, 0, {
    fontCallback: (_family: string, isBold: boolean) => isBold ? "bold" : "plain",
  });
  document.end();
  const parts: Uint8Array<ArrayBuffer>[] = await Array.fromAsync(document);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
