import assert from "node:assert/strict";

const SCRIPT = `
  import { untilInterrupted } from ${
  JSON.stringify(new URL("../../cli/interrupts.ts", import.meta.url).href)
};
  import { removeAtExit } from ${
  JSON.stringify(new URL("../../weights/remove_at_exit.ts", import.meta.url).href)
};
  removeAtExit(Deno.args[0]);
  await untilInterrupted(async (signal) => {
    signal.addEventListener("abort", () => console.log("first"));
    console.log("ready");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
`;

/** Runs a body that takes no notice of being stopped; sends a signal whenever it says a word. */
async function stubborn(signal: Deno.Signal, env: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  const script = `${folder}/stubborn.ts`;
  await Deno.writeTextFile(script, SCRIPT);
  const left = `${folder}/left`;
  await Deno.mkdir(`${left}/inner`, { recursive: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-read", "--allow-write", "--allow-env", script, left],
    env: { CALM_NOHUP: "", ...env },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const words: string[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    words.push(text.trim());
    // As far from the one before as a person's is.
    setTimeout(() => child.kill(signal), 400);
    if (env.CALM_NOHUP) setTimeout(() => child.kill("SIGKILL"), 1200);
  }
  const { code } = await child.status;
  const kept = await Deno.stat(left).then(() => true, () => false);
  await Deno.remove(folder, { recursive: true });
  return { code, words, kept };
}

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`the second ${signal} ends what does not stop, and cleans up`, async () => {
    const ended = await stubborn(signal);
    assert.deepEqual(ended, { code: status, words: ["ready", "first"], kept: false });
  });
}

Deno.test("begun with nohup, a program outlives SIGHUP", async () => {
  const { words, code } = await stubborn("SIGHUP", { CALM_NOHUP: "1" });
  assert.deepEqual(words, ["ready"]);
  assert.equal(code, 137, "it had to be killed");
});
