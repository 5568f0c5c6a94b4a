import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

export const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** Runs the command line in a process of its own, as a user does. */
export async function calm(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", CLI, ...args],
    env: { NO_COLOR: "1", INIT_CWD: "", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Expects one clear sentence on standard error and a failing status. */
export async function refuses(args: string[], message: RegExp, env?: Record<string, string>) {
  const { code, stdout, stderr } = await calm(args, env);
  assert.match(stderr, message);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.doesNotMatch(stderr, /^\s+at /m, "a stack trace is no message for a user");
}

/** A small birds data set and a run folder, removed after `body`. */
export async function withBirds(body: (data: string, out: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const data = `${folder}/birds`;
    const sizes = ["--classes", "3", "--train", "8", "--test", "4", "--size", "48"];
    const { code, stderr } = await calm(["data", "birds", data, ...sizes]);
    assert.equal(code, 0, stderr);
    await body(data, `${folder}/run`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Options of a training run of seconds. */
export const SMALL = ["--batch-size", "8", "--resize", "36", "--crop", "32"];

/** A command line that runs while the test goes on. */
export interface Running {
  /** Waits until standard error holds this; fails where the program ends before. */
  until(pattern: RegExp): Promise<void>;
  kill(signal: Deno.Signal): void;
  /** Waits for its end. */
  ended(): Promise<{ readonly code: number; readonly stderr: string }>;
}

/** Starts the command line in a process of its own. */
export function start(args: string[], cwd?: string): Running {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", CLI, ...args],
    env: { NO_COLOR: "1", INIT_CWD: "" },
    cwd,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let told = "";
  let over = false;
  const listeners = new Set<() => void>();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      told += text;
      for (const listener of listeners) listener();
    }
    over = true;
    for (const listener of listeners) listener();
  })();
  return {
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(told)) resolve();
          else if (over) reject(new Error(`It ended without ${pattern}: ${told}`));
          else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    kill: (signal) => child.kill(signal),
    async ended() {
      const [{ code }] = await Promise.all([child.status, reading]);
      return { code, stderr: told };
    },
  };
}
