import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UserError } from "../../engine/errors.ts";
import { bundle } from "../../viewer/bundle.ts";
import { buildSite } from "../../viewer/site.ts";
import { calm, CLI, refuses } from "../cli/calm.ts";

/** Most bytes of the page's code. */
const LIMIT = 300_000;

Deno.test("the page's code is small and has nothing of Deno or Node in it", async () => {
  const site = await buildSite();
  const code = new TextDecoder().decode(site.get("viewer.js"));
  console.error(`viewer.js has ${code.length} bytes`);
  assert.ok(code.length < LIMIT, `${code.length} bytes`);
  assert.doesNotMatch(code, /\bDeno\b/);
  assert.doesNotMatch(code, /\bimport\s*["'({*]|from\s*["']/);
  const html = new TextDecoder().decode(site.get("index.html"));
  for (const [, path] of html.matchAll(/(?:src|href)="(?!data:)([^"]*)"/g)) {
    assert.ok(site.has(path), `${path} is one of the page's files`);
  }
});

Deno.test("what browsers do not have cannot come into the page", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, `import "node:fs";`);
  await assert.rejects(bundle(new URL(`file://${file}`)), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /imports node:fs, which browsers do not have/);
    return true;
  });
  await Deno.remove(file);
});

Deno.test("viewer build writes files; what it cannot do is named", async () => {
  const folder = await Deno.makeTempDir();
  const out = `${folder}/page`;
  const { code, stdout, stderr } = await calm(["viewer", "build", "--out", out, "--json"]);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  assert.deepEqual(result, { out, files: 8, bytes: result.bytes });
  assert.match(stderr, /page: 8 files, \d+ KB; code \d+ KB/);
  for (const path of ["index.html", "viewer.js", "birds.safetensors"]) {
    assert.ok((await Deno.stat(`${out}/${path}`)).isFile);
  }
  await Deno.remove(folder, { recursive: true });
  await refuses(["viewer", "serve"], /\.\/calm viewer takes nothing or build, found "serve"/);
  await refuses(["viewer", "--out", "x"], /--out is for \.\/calm viewer build/);
  await refuses(["viewer", "build", "--port", "1"], /--port is for serving/);
});

/** The permissions that the task has, and no others. */
async function permissions(): Promise<string[]> {
  const file = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { command } = JSON.parse(await Deno.readTextFile(file)).tasks.viewer;
  return command.match(/--allow\S+/g);
}

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
    assert.match(policy, /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
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
