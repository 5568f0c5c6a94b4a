import assert from "node:assert/strict";
import { CLI } from "../cli/calm.ts";

/** How a program ended. */
export interface Ended {
  /** Exit status; 128 and the signal's number where one ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line; `whenStarted` may send it signals. */
export async function program(
  args: readonly string[],
  whenStarted: (child: Deno.ChildProcess) => void = () => {},
): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", CLI, ...args],
    env: { NO_COLOR: "1", INIT_CWD: "", CALM_NOHUP: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  whenStarted(child);
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs it to its end and expects success. */
export async function succeeds(args: readonly string[]): Promise<Ended> {
  const ended = await program(args);
  assert.equal(ended.code, 0, `${args.join(" ")}: ${ended.stderr}`);
  return ended;
}

/** Expects one sentence about what is wrong, whatever it is, and no stack trace. */
export function expectSentence({ code, stderr }: Ended, what: string): void {
  const lines = stderr.trimEnd().split("\n");
  assert.equal(code, 1, `${what} ended with status ${code}: ${stderr}`);
  assert.match(lines.at(-1)!, /^calm: \S/, `${what}: ${stderr}`);
  expectNoTrace(stderr, what);
}

/** Expects that no program was surprised. */
export function expectNoTrace(stderr: string, what: string): void {
  assert.doesNotMatch(stderr, /^\s+at \S|^error: |panicked/m, `${what}: ${stderr}`);
}

/** All files and folders below one, by relative name. */
export async function pathsBelow(folder: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    paths.push(prefix + name);
    if (isDirectory) paths.push(...await pathsBelow(`${folder}/${name}`, `${prefix}${name}/`));
  }
  return paths.sort();
}

/** Names that only unfinished work has. */
export async function leftovers(folder: string): Promise<string[]> {
  return (await pathsBelow(folder)).filter((path) => /\.tmp$|\.lock$|\.drawing|-old$/.test(path));
}
