import assert from "node:assert/strict";
import { join } from "node:path";
import { expectNoTrace, leftovers, pathsBelow, program, succeeds } from "./program.ts";

/** Of two runs in one folder one trains, the other says why it does not; nothing is mixed. */
export async function twoRuns(folder: string, data: string): Promise<string> {
  const out = join(folder, "run");
  const settings = ["--batch-size", "8", "--resize", "36", "--crop", "32", "--epochs", "2"];
  const args = ["train", "--data", data, "--out", out, ...settings];
  const ends = await Promise.all([program(args), program(args)]);
  ends.sort((a, b) => a.code - b.code);
  assert.deepEqual(ends.map(({ code }) => code), [0, 1], ends.map(({ stderr }) => stderr).join());
  assert.match(ends[1].stderr, /^calm: .*run is in use by another run/m);
  const resumes = await Promise.all(
    [1, 2].map(() => program(["train", "--resume", out, "--epochs", "4"])),
  );
  resumes.sort((a, b) => a.code - b.code);
  assert.deepEqual(resumes.map(({ code }) => code), [0, 1]);
  assert.match(resumes[1].stderr, /^calm: .*run is in use by another run/m);
  assert.deepEqual(await leftovers(folder), []);
  return "one trained, one was told that the folder is in use; resumed alike";
}

/** Two programs that draw one data set both find it there, whole. */
export async function twoDrawings(folder: string): Promise<string> {
  const sizes = ["--classes", "3", "--train", "8", "--test", "4", "--size", "48"];
  const args = (name: string) => ["data", "birds", join(folder, name), ...sizes];
  await succeeds(args("alone"));
  await Promise.all([1, 2, 3].map(() => succeeds(args("together"))));
  const names = await pathsBelow(join(folder, "alone"));
  assert.deepEqual(await pathsBelow(join(folder, "together")), names);
  for (const name of names.filter((name) => /\.(jpg|png|txt|json)$/.test(name))) {
    const [alone, together] = await Promise.all(
      ["alone", "together"].map((set) => Deno.readFile(join(folder, set, name))),
    );
    assert.deepEqual(together, alone, name);
  }
  assert.deepEqual(await leftovers(folder), []);
  return "three at once, the files of one alone";
}

/** Two evaluations into one file of counts: the numbers are right, or it is said what is wrong. */
export async function twoCounts(
  folder: string,
  data: string,
  checkpoint: string,
): Promise<string> {
  const args = ["eval", "classification", "--data", data, "--checkpoint", checkpoint, "--json"];
  const { stdout: expected } = await succeeds(args);
  const counts = ["--counts", join(folder, "counts.json"), "--batch-size", "2"];
  const ends = await Promise.all([1, 2].map(() => program([...args, ...counts])));
  for (const { code, stdout, stderr } of ends) {
    expectNoTrace(stderr, "eval --counts");
    if (code === 0) assert.deepEqual(accuracyIn(stdout), accuracyIn(expected));
  }
  assert.ok(ends.some(({ code }) => code === 0));
  const { stdout } = await succeeds([...args, ...counts]);
  assert.deepEqual(accuracyIn(stdout), accuracyIn(expected));
  return "the accuracy of one alone";
}

function accuracyIn(stdout: string): unknown {
  const { accuracy } = JSON.parse(stdout);
  assert.equal(typeof accuracy, "number", stdout);
  return accuracy;
}
