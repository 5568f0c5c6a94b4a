import assert from "node:assert/strict";
import { reasonOf } from "../../engine/reason.ts";

Deno.test("what the operating system refuses is said without its numbers and calls", async () => {
  const reason = (body: () => Promise<unknown>) => body().then(() => "", reasonOf);
  const folder = await Deno.makeTempDir();
  assert.equal(await reason(() => Deno.readFile(`${folder}/a`)), "there is no such file");
  assert.equal(await reason(() => Deno.readFile(folder)), "it is a folder");
  await Deno.writeTextFile(`${folder}/a`, "");
  assert.equal(
    await reason(() => Deno.readFile(`${folder}/a/b`)),
    "a part of its path is no folder",
  );
  assert.equal(await reason(() => Deno.remove(folder)), "Directory not empty");
  assert.equal(reasonOf(new Error("some other thing")), "some other thing");
  assert.equal(reasonOf("thrown"), "thrown");
  await Deno.remove(folder, { recursive: true });
});
