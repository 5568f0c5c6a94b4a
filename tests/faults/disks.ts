import assert from "node:assert/strict";
import { join } from "node:path";
import { openStateFile } from "../../weights/state_file.ts";
import { expectSentence, leftovers, pathsBelow, program } from "./program.ts";

/** Kilobytes of the disks: from nothing fits to all but the last file does. */
const SIZES = [8, 64, 200, 500, 900, 1400, 2000, 3000, 5000];

/**
 * Every command that writes, on disks that are too small for its output: a sentence that says so
 * and whole files only, or success.
 *
 * @returns null where this machine lets nobody mount a disk
 */
export async function fullDisks(
  folder: string,
  data: string,
  checkpoint: string,
  picture: string,
): Promise<string | null> {
  const commands: readonly (readonly string[])[] = [
    ["train", "--data", data, "--epochs", "2", "--batch-size", "8", "--resize", "36", "--crop"]
      .concat("32", "--out", "DISK/run"),
    [
      "data",
      "birds",
      "DISK/birds",
      "--classes",
      "3",
      "--train",
      "8",
      "--test",
      "4",
      "--size",
      "48",
    ],
    ["explain", picture, "--checkpoint", checkpoint, "--map", "joint,gradient", "--npy", "--out"]
      .concat("DISK/explained"),
    ["convert", checkpoint, "DISK/copy.pth"],
    ["figure", "3", "--data", data, "--checkpoint", checkpoint, "--out", "DISK/figures"],
    ["eval", "all", "--data", data, "--checkpoint", checkpoint, "--map", "joint", "--measures"]
      .concat("classification,wsol", "--out", "DISK/eval"),
    ["viewer", "build", "--out", "DISK/viewer"],
  ];
  let refused = 0;
  let done = 0;
  for (const kilobytes of SIZES) {
    for (const command of commands) {
      const disk = join(folder, "disk");
      await Deno.mkdir(disk);
      if (!await sh("mount", "-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", disk)) {
        await Deno.remove(disk);
        return null;
      }
      try {
        const args = command.map((word) => word.replace(/^DISK/, disk));
        const ended = await program(args);
        const what = `${args[0]} on a disk of ${kilobytes} KB`;
        if (ended.code === 0) done++;
        else {
          expectSentence(ended, what);
          assert.match(ended.stderr, /disk is full|No space left|could not be written/i, what);
          refused++;
        }
        assert.deepEqual(await leftovers(disk), [], what);
        for (const path of await pathsBelow(disk)) {
          if (!path.endsWith(".safetensors")) continue;
          (await openStateFile(join(disk, path))).close();
        }
      } finally {
        await sh("umount", disk);
        await Deno.remove(disk);
      }
    }
  }
  assert.ok(refused > 0 && done > 0, `${refused} refused, ${done} done`);
  return `${refused} refused with a sentence, ${done} fitted`;
}

async function sh(program: string, ...args: string[]): Promise<boolean> {
  return (await new Deno.Command(program, { args, stderr: "null" }).output()).success;
}
