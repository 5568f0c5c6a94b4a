import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UserError } from "../../engine/errors.ts";
import { bundle } from "../../viewer/bundle.ts";
import { buildSite, writeSite } from "../../viewer/site.ts";
import { calm, CLI, refuses } from "../cli/calm.ts";

/** Most bytes of the page's code. */
const LIMIT = 300_000;

Deno.test("the page's code is small and has nothing of Deno or Node in it", async () => {
  const site = await buildSite();
  const code = new TextDecoder().decode(site.get("viewer.js"));
  console.error(`viewer.js has ${code.length} bytes`);
  assert.ok(code.length < LIMIT, `${code.length} bytes`);
  assert.doesNotMatch(code, /\bDeno\b/);
  assert.doesNotMatch(code, /\bimport\s*(["'({*]|[\w$]+\s*(,|from\b))|\}\s*from\s*["']/);
  const html = new TextDecoder().decode(site.get("index.html"));
  for (const [, path] of html.matchAll(/(?:src|href)="(?!data:)([^"]*)"/g)) {
    assert.ok(site.has(path), `${path} is one of the page's files`);
  }
});

Deno.test("what browsers do not have cannot come into the page", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, `import "node:fs";`);
    await assert.rejects(bundle(new URL(`file://${file}`)), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /imports node:fs, which browsers do not have/);
      return true;
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("viewer build writes files; what it cannot do is named", async () => {
  const folder = await Deno.makeTempDir();
  const out = `${folder}/page`;
  const { code, stdout, stderr } = await calm(["viewer", "build", "--out", out, "--json"]);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  assert.deepEqual(result, { out, files: 9, bytes: result.bytes });
  assert.match(stderr, /page: 9 files, \d+ KB; code \d+ KB/);
  for (const path of ["index.html", "viewer.js", "jpeg-turbo.wasm", "birds.safetensors"]) {
    assert.ok((await Deno.stat(`${out}/${path}`)).isFile);
  }
  await Deno.remove(folder, { recursive: true });
  await refuses(["viewer", "build", "--out", "deno.json/page"], /deno\.json\/page\S* could not be/);
  await refuses(["viewer", "serve"], /\.\/calm viewer takes nothing or build, found "serve"/);
  await refuses(["viewer", "--out", "x"], /--out is for \.\/calm viewer build/);
  await refuses(["viewer", "build", "--port", "1"], /--port is for serving/);
});

Deno.test("viewer build that is stopped leaves nothing or the page, and no temporary files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let caught = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      // Later and later, until it is too late.
      for (let delay = 300, done = false; !done; delay += 250) {
        const out = `${folder}/${signal}-${delay}`;
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", ...await permissions(), CLI, "viewer", "build", "--out", out],
          stderr: "piped",
        }).spawn();
        const timer = setTimeout(() => {
          try {
            child.kill(signal);
          } catch {
            // It has ended.
          }
        }, delay);
        const { code, signal: killedBy, stderr } = await child.output();
        clearTimeout(timer);
        const said = new TextDecoder().decode(stderr);
        const files = await pathsIn(out);
        done = code === 0;
        if (done) assert.equal(files.length, 9);
        else {
          assert.deepEqual(files, []);
          assert.equal(code, signal === "SIGINT" ? 130 : 143, said);
          if (killedBy === null) {
            assert.match(said, /^calm: Stopped; nothing was written to .*-\d+\n$/);
            caught++;
          }
        }
      }
    }
    assert.ok(caught > 0, "no signal was heard while the page was built");
    // What a program left that was killed, and of a page that was there.
    const out = `${folder}/old`;
    await Deno.mkdir(out);
    await Deno.writeTextFile(`${out}/index.html.99999.tmp`, "half");
    await Deno.writeTextFile(`${out}/own.txt`, "stays");
    await writeSite(await buildSite(), out);
    const files = await pathsIn(out);
    assert.equal(files.length, 10);
    assert.ok(files.includes("own.txt") && !files.some((path) => path.endsWith(".tmp")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** All files below a folder; none where it is missing. */
async function pathsIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory) paths.push(name);
      else paths.push(...(await pathsIn(`${folder}/${name}`)).map((path) => `${name}/${path}`));
    }
  } catch (error) {
    assert.ok(error instanceof Deno.errors.NotFound);
  }
  return paths;
}

/** The permissions that the task has, and no others. */
async function permissions(): Promise<string[]> {
  const file = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { command } = JSON.parse(await Deno.readTextFile(file)).tasks.viewer;
  return command.match(/--allow\S+/g);
}

Deno.test({
  name: "the viewer outlives more connections than the system has, and Ctrl-C ends it",
  ignore: Deno.build.os === "windows",
  async fn() {
    const run = ["run", "--no-prompt", ...await permissions(), CLI, "viewer", "--port", "0"];
    const child = new Deno.Command("sh", {
      args: ["-c", 'ulimit -n 100; exec "$@"', "sh", Deno.execPath(), ...run],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("Ctrl-C ends")) said += (await reader.read()).value ?? assert.fail(said);
    const url = /http:\S+/.exec(said)![0];
    const port = Number(new URL(url).port);
    const many = await Promise.all(
      Array.from({ length: 200 }, () => Deno.connect({ hostname: "localhost", port })),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    for (const connection of many) connection.close();
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    assert.equal(response.status, 200);
    await response.bytes();
    child.kill("SIGINT");
    assert.equal((await child.status).code, 0, "a clean end");
    await reader.cancel();
  },
});

Deno.test("viewer serves the page, says where, and names a port that is taken", async () => {
  const command = async (...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...await permissions(), CLI, "viewer", ...args],
      stdout: "piped",
      stderr: "piped",
    });
  const child = (await command("--port", "0", "--json")).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const { url } = JSON.parse(value!);
  assert.match(url, /^http:\/\/localhost:\d+\/$/);
  for (const [path, type] of [["", "text/html"], ["samples/eastern-emberchat.jpg", "image/jpeg"]]) {
    const response = await fetch(url + path);
    assert.equal(response.status, 200);
    assert.ok(response.headers.get("content-type")!.startsWith(type));
    const policy = response.headers.get("content-security-policy")!;
    assert.match(
      policy,
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; .*frame-ancestors 'none'$/,
    );
    assert.ok((await response.bytes()).length > 1000);
  }
  const missing = await fetch(`${url}../deno.json`);
  assert.equal(missing.status, 404);
  await missing.text();

  const second = await (await command("--port", new URL(url).port)).output();
  assert.equal(second.code, 1);
  assert.match(new TextDecoder().decode(second.stderr), /Port \d+ is taken: name another/);
  child.kill("SIGTERM");
  await reader.cancel();
  await child.stderr.cancel();
  assert.equal((await child.status).code, 0, "a clean end");
});
