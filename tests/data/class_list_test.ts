import assert from "node:assert/strict";
import { readClassNames } from "../../data/class_list.ts";

/** What a file with this text is read as. */
async function read(text: string): Promise<string[]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return readClassNames(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("names of classes: one a line, or CUB's numbers from 1 in any order", async () => {
  assert.deepEqual(await read("Wren\nGreat Tit\n"), ["Wren", "Great Tit"]);
  assert.deepEqual(await read("\ufeff1 001.Wren\r\n2 002.Great Tit\r\n\r\n"), [
    "001.Wren",
    "002.Great Tit",
  ]);
  assert.deepEqual(await read("2 b\n1 a"), ["a", "b"]);
  // Names that begin with numbers of their own.
  assert.deepEqual(await read("7 spots\n2 spots\n"), ["7 spots", "2 spots"]);
});

Deno.test("lists that hold no names, or some that cannot be shown, are refused by line", async () => {
  await assert.rejects(
    read("\n\n"),
    /^UserError: .* holds no names of classes, expected one a line/,
  );
  await assert.rejects(read("a\n\nb"), /:2 is "", expected the name of a class/);
  await assert.rejects(
    read("a\nb\u001b[2J"),
    /:2 is "b\?\[2J", expected the name of a class without/,
  );
  assert.throws(() => readClassNames("no/such.txt"), /class names no\/such\.txt cannot be read/);
});
