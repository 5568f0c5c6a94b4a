import assert from "node:assert/strict";
import { expectOurDrawing, expectOurs } from "../../eval/ours.ts";
import { page } from "../../eval/report/page.ts";
import { svgDocument } from "../../eval/pictures/svg.ts";

const PAGE = page({ heading: "H", lead: "", picture: null, sections: [] });
const DRAWING = svgDocument(10, 20.5, []);

Deno.test("our documents may be replaced, those of before they had a mark, too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/report.html`;
    await expectOurs(path);
    const without = (text: string, mark: string) => {
      assert.ok(text.includes(mark));
      return text.replace(mark, "");
    };
    const tag = '<meta name="generator" content="CALM on WebGPU"/>\n';
    const metadata = "<metadata>CALM on WebGPU</metadata>";
    const ours = [PAGE, DRAWING, without(PAGE, tag), without(DRAWING, metadata)];
    for (const text of ours) {
      await Deno.writeTextFile(path, text);
      await expectOurs(path);
    }
    const others = [
      "",
      "my own notes",
      "<!DOCTYPE html>\n<html><head><title>CALM on WebGPU</title></head></html>",
      '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>',
    ];
    for (const text of others) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(expectOurs(path), /report\.html is there and was not written by this/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a drawing's SVG file tells whose its PNG file is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/figure1`;
    await expectOurDrawing(path);
    await Deno.writeTextFile(`${path}.png`, "");
    await assert.rejects(expectOurDrawing(path), /figure1\.png is there and was not written by/);
    await Deno.writeTextFile(`${path}.svg`, DRAWING);
    await expectOurDrawing(path);
    await Deno.writeTextFile(`${path}.svg`, "<svg/>");
    await assert.rejects(expectOurDrawing(path), /figure1\.svg is there and was not written by/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
