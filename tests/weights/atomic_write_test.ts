import assert from "node:assert/strict";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { openLocked } from "../../weights/locked_file.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("what killed writers of a file left is removed, and nothing else", async () => {
  await inFolder(async (folder) => {
    for (const name of ["a.json.17.tmp", "a.json.4711.tmp", "b.json.17.tmp", "a.json.x.tmp"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "half");
    }
    const living = (await openLocked(`${folder}/a.json.99.tmp`))!;
    await writeAtomically(`${folder}/a.json`, new Uint8Array([1]));
    assert.deepEqual(await names(folder), [
      "a.json",
      "a.json.99.tmp", // somebody is writing it
      "a.json.x.tmp",
      "b.json.17.tmp",
    ]);
    living.close();
  });
});

Deno.test("two writers of a file at once: one whole file, whichever comes last", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    const contents = [1, 2, 3, 4].map((byte) => new Uint8Array(3_000_000).fill(byte));
    await Promise.all(contents.map((bytes) => writeAtomically(path, bytes)));
    const left = await Deno.readFile(path);
    assert.equal(left.length, 3_000_000);
    assert.ok(left.every((byte) => byte === left[0]), "no mixture");
    assert.deepEqual(await names(folder), ["a.bin"]);
  });
});

Deno.test("a lock has one owner, and none once its file is closed", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/lock`;
    const first = (await openLocked(path))!;
    assert.equal(await openLocked(path), null);
    const waiting = openLocked(path, { wait: true });
    await Deno.remove(path); // the next one must not own a file that is gone
    first.close();
    const second = (await waiting)!;
    assert.equal((await Deno.stat(path)).ino, (await second.stat()).ino);
    assert.equal(await openLocked(path), null);
    second.close();
  });
});
