import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { readChoices, writeChoices } from "../../model/open_gpu.ts";

const adapter = (description: string) =>
  ({ description, vendor: "", architecture: "", fallback: false }) as const;

async function withFile(body: (file: URL) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(pathToFileURL(`${folder}/a folder/tuning.json`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("tuning file: choices are kept by adapter, newer ones replace older ones", () =>
  withFile(async (file) => {
    assert.equal((await readChoices(adapter("one"), file)).size, 0);
    await writeChoices(adapter("one"), new Map([["a", "x"], ["b", "x"]]), file);
    await writeChoices(adapter("two"), new Map([["a", "z"]]), file);
    await writeChoices(adapter("one"), new Map([["b", "y"], ["c", "y"]]), file);
    assert.deepEqual([...await readChoices(adapter("one"), file)], [
      ["a", "x"],
      ["b", "y"],
      ["c", "y"],
    ]);
    assert.deepEqual([...await readChoices(adapter("two"), file)], [["a", "z"]]);
  }));

Deno.test("tuning file: one that is something else is named", () =>
  withFile(async (file) => {
    await writeChoices(adapter("one"), new Map(), file);
    for (const text of ["{", "[]", "3", '{"one": 3}']) {
      await Deno.writeTextFile(file, text);
      await assert.rejects(
        readChoices(adapter("one"), file),
        /a folder\/tuning\.json is not a tuning file: delete it, then run \.\/calm tune/,
      );
    }
  }));
