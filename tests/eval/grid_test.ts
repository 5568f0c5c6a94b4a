import assert from "node:assert/strict";
import { type Cell, drawGrid } from "../../eval/pictures/grid.ts";

Deno.test("a row's label stays beside its picture, however long its words are", async () => {
  const picture: Cell = {
    picture: { width: 2, height: 2, data: new Uint8Array(12) },
  };
  const linesOf = async (label: string) => {
    const { svg } = await drawGrid({ columns: [], rows: [{ label, cells: [picture] }] });
    return [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text);
  };
  assert.deepEqual(await linesOf("CALM_EM em-0"), ["CALM_EM em-0"]);
  assert.deepEqual(await linesOf("CALM_EM paper-0"), ["CALM_EM", "paper-0"]);
  assert.deepEqual(
    await linesOf("CALM_EM birds-calm-em-seed3"),
    ["CALM_EM", "birds-calm-", "em-seed3"],
  );
  assert.deepEqual(await linesOf("CAM abcdefghijklmnopqrstuvwxyz"), [
    "CAM",
    "abcdefghijklm",
    "nopqrstuvwxyz",
  ]);
});
