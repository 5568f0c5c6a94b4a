import assert from "node:assert/strict";
import { join } from "node:path";
import type { Random } from "../../engine/random.ts";
import { verifiedTensors } from "../../weights/checksums.ts";
import { crc32 } from "../../weights/crc32.ts";
import { openStateFile } from "../../weights/state_file.ts";
import { exists } from "../../data/files.ts";
import { expectNoTrace, leftovers, pathsBelow, program, succeeds } from "./program.ts";

const SIGNALS = ["SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const;
const STOPPED = { SIGKILL: 137, SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

/** Runs a command line and sends a random signal at a random time; true where it was stopped. */
async function stopped(
  args: readonly string[],
  random: Random,
  seconds: number,
): Promise<boolean> {
  const signal = SIGNALS[random.int(SIGNALS.length)];
  const delay = 1000 * random.uniform(0.2, seconds);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { code, stderr } = await program(args, (child) => {
    timer = setTimeout(() => {
      try {
        child.kill(signal);
      } catch {
        // It has ended.
      }
    }, delay);
  });
  clearTimeout(timer);
  const what = `${args[0]} with ${signal} after ${(delay / 1000).toFixed(2)} s`;
  expectNoTrace(stderr, what);
  assert.ok(code === 0 || code === STOPPED[signal], `${what} ended with ${code}: ${stderr}`);
  return code !== 0;
}

/** What a checkpoint holds: every tensor, as the file's checksums have it. */
async function contentsOf(checkpoint: string): Promise<string> {
  const file = await openStateFile(checkpoint);
  try {
    const parts: string[] = [];
    for (const [name, tensor] of verifiedTensors(file)) {
      parts.push(`${name} ${crc32(await tensor.read())}`);
    }
    return parts.sort().join("\n");
  } finally {
    file.close();
  }
}

/**
 * Training that is stopped again and again, by every signal, in every state (drawing data, first
 * epoch, writing a checkpoint, report): the weights at the end are those of a run that nobody
 * stopped, the log has each epoch once, and nothing is left lying about.
 */
export async function killedTraining(
  folder: string,
  data: string,
  kills: number,
  random: Random,
): Promise<string> {
  const settings = ["--batch-size", "8", "--resize", "36", "--crop", "32", "--epochs", "4"];
  const train = (out: string) => ["train", "--data", data, "--out", out, ...settings];
  const reference = join(folder, "reference");
  const begun = performance.now();
  await succeeds(train(reference));
  const seconds = (performance.now() - begun) / 1000;
  const expected = await contentsOf(join(reference, "checkpoint.safetensors"));
  const files = await pathsBelow(reference);
  let count = 0;
  let runs = 0;
  while (count < kills) {
    const out = join(folder, `killed-${runs}`);
    const checkpoint = join(out, "checkpoint.safetensors");
    for (let ended = false; !ended;) {
      const args = await exists(checkpoint)
        ? ["train", "--resume", out, "--save-every", "2"]
        : [...train(out), "--save-every", "2"];
      // Once there have been enough of them it may come to its end.
      if (count < kills && await stopped(args, random, seconds)) count++;
      else {
        if (count >= kills && !await isFinished(out)) await succeeds(args);
        ended = await isFinished(out);
      }
      if (await exists(checkpoint)) await contentsOf(checkpoint);
    }
    assert.equal(await contentsOf(checkpoint), expected, `${out} has other weights`);
    assert.deepEqual(await pathsBelow(out), files);
    const log = (await Deno.readTextFile(join(out, "log.jsonl"))).trimEnd().split("\n");
    const epochs = log.flatMap((line) => {
      try {
        return [JSON.parse(line).epoch].filter((epoch) => epoch !== undefined);
      } catch {
        return []; // half a line, of a killed program
      }
    });
    assert.deepEqual([...new Set(epochs)].sort(), [1, 2, 3, 4], `${out}/log.jsonl`);
    runs++;
  }
  return `${count} kills in ${runs} runs, the weights of each to the last bit`;
}

/** Whether a run has its report, which is written last. */
async function isFinished(out: string): Promise<boolean> {
  return await exists(join(out, "report.html"));
}

/** `eval --counts` that is stopped again and again has the numbers of one that is not. */
export async function killedEvaluation(
  folder: string,
  data: string,
  checkpoint: string,
  kills: number,
  random: Random,
): Promise<string> {
  const args = ["eval", "remove-and-classify", "--map", "joint,gradient", "--batch-size", "1"];
  args.push("--data", data, "--checkpoint", checkpoint, "--json");
  const begun = performance.now();
  const { stdout: expected } = await succeeds(args);
  const seconds = (performance.now() - begun) / 1000;
  const counts = ["--counts", join(folder, "counts.json")];
  let count = 0;
  for (let tries = 0; count < kills && tries < 4 * kills; tries++) {
    if (await stopped([...args, ...counts], random, seconds)) count++;
    else await Deno.remove(counts[1]);
  }
  assert.equal(count, kills);
  const { stdout } = await succeeds([...args, ...counts]);
  assert.equal(stdout, expected);
  assert.deepEqual(await leftovers(folder), []);
  return `${count} kills, then the same JSON`;
}

/** Drawing a data set that is stopped leaves all of it or nothing, and the next one clears up. */
export async function killedDrawing(
  folder: string,
  kills: number,
  random: Random,
): Promise<string> {
  const sizes = ["--classes", "3", "--train", "20", "--test", "10", "--size", "64"];
  const begun = performance.now();
  await succeeds(["data", "birds", join(folder, "reference"), ...sizes]);
  const seconds = (performance.now() - begun) / 1000;
  const expected = await pathsBelow(join(folder, "reference"));
  let count = 0;
  for (let n = 0; count < kills; n++) {
    const target = join(folder, `birds-${n}`);
    if (await stopped(["data", "birds", target, ...sizes], random, seconds)) count++;
    if (await exists(target)) assert.deepEqual(await pathsBelow(target), expected);
    await succeeds(["data", "birds", target, ...sizes]);
    assert.deepEqual(await pathsBelow(target), expected);
    assert.deepEqual(await leftovers(folder), []);
    await Deno.remove(target, { recursive: true });
  }
  return `${count} kills`;
}
