import assert from "node:assert/strict";
import { join } from "node:path";
import type { Random } from "../../engine/random.ts";
import { mutated, readWhole, SOUND_FILES } from "../weights/mutations.ts";
import { pathsBelow, program } from "./program.ts";

/** Most seconds that a file may take. */
const PATIENCE = 30;

/** Sound checkpoints with random damage: read, or refused with a sentence, each within a second. */
export async function damagedFiles(rounds: number, random: Random): Promise<string> {
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const [name, original] = SOUND_FILES[random.int(SOUND_FILES.length)];
    const bytes = mutated(original, random);
    const begun = performance.now();
    try {
      await readWhole(bytes);
    } catch (error) {
      assert.equal((error as Error).name, "UserError", `${name}: ${(error as Error).stack}`);
      refused++;
    }
    assert.ok(performance.now() - begun < 1000, `${name} took long`);
  }
  return `${refused} of ${rounds} refused`;
}

/**
 * Every file of a folder is handed to every command that opens one, as a checkpoint and as a
 * picture: success or one sentence, in time, and no stack trace.
 */
export async function hostileFiles(
  folder: string,
  out: string,
  checkpoint: string,
  picture: string,
): Promise<string> {
  const files = (await pathsBelow(folder)).map((path) => join(folder, path))
    .filter((path) => Deno.statSync(path).isFile);
  let runs = 0;
  for (const file of files) {
    const commands = [
      ["weights", "inspect", file],
      ["convert", file, join(out, "copy.safetensors")],
      ["explain", picture, "--checkpoint", file, "--method", "calm-em", "--out", out],
      ["explain", file, "--checkpoint", checkpoint, "--out", out],
      ["eval", "merge", file],
    ];
    for (const args of commands) {
      const begun = performance.now();
      const { code, stderr } = await program(args);
      const what = `${args.slice(0, 2).join(" ")} with ${file}`;
      assert.ok(code === 0 || code === 1, `${what} ended with ${code}: ${stderr}`);
      assert.doesNotMatch(stderr, /^\s+at \S|^error: |panicked/m, `${what}: ${stderr}`);
      if (code === 1) assert.match(stderr, /^calm: \S.*$/m, what);
      const seconds = (performance.now() - begun) / 1000;
      assert.ok(seconds < PATIENCE, `${what} took ${seconds.toFixed(0)} s`);
      runs++;
    }
  }
  return `${files.length} files, ${runs} commands`;
}
