import assert from "node:assert/strict";
import { type Answer, parseRequest, serveFiles } from "../../viewer/http_server.ts";

const body = new TextEncoder().encode("hello") as Uint8Array<ArrayBuffer>;
const answer = ({ path }: { path: string }): Promise<Answer> =>
  Promise.resolve(
    path === "a/b c" ? { status: 200, body, headers: { "content-type": "x/y" } } : {
      status: 404,
    },
  );

/** What a server on a port says to bytes. */
async function ask(port: number, request: string | Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname: "localhost", port });
  await connection.write(typeof request === "string" ? new TextEncoder().encode(request) : request);
  let text = "";
  const bytes = new Uint8Array(4096);
  for (let count; (count = await connection.read(bytes).catch(() => null)) !== null;) {
    text += new TextDecoder().decode(bytes.subarray(0, count));
  }
  return text;
}

async function withServer(body: (port: number) => Promise<void>): Promise<void> {
  const server = serveFiles(0, answer);
  try {
    await body(server.port);
  } finally {
    server.close();
  }
}

Deno.test("the server answers GET and HEAD with a type, and nothing guesses it", async () => {
  await withServer(async (port) => {
    const host = `Host: localhost:${port}\r\n\r\n`;
    const found = await ask(port, `GET /a/b%20c?x#y HTTP/1.1\r\n${host}`);
    assert.match(found, /^HTTP\/1\.1 200 OK\r\ncontent-type: x\/y\r\n[^]*\r\n\r\nhello$/);
    assert.match(found, /x-content-type-options: nosniff\r\n/);
    assert.match(found, /referrer-policy: no-referrer\r\n/);
    const head = await ask(port, `HEAD /a/b%20c HTTP/1.1\r\n${host}`);
    assert.match(head, /200 OK\r\n[^]*content-length: 5\r\n[^]*\r\n\r\n$/);
    assert.match(await ask(port, `GET /other HTTP/1.1\r\n${host}`), /^HTTP\/1\.1 404 Not Found/);
    const huge = `GET /a HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n${host}`;
    assert.match(await ask(port, huge), /^HTTP\/1\.1 431 /);
    assert.match(await ask(port, "\0\xff\r\n\r\n"), /^HTTP\/1\.1 400 /);
  });
});

Deno.test("what a request may not be has a status of its own", () => {
  const status = (request: string) => {
    const { refusal } = parseRequest(request.replaceAll("\n", "\r\n"), 8000);
    return refusal?.status ?? 200;
  };
  const get = (path: string, host = "localhost:8000") => `GET ${path} HTTP/1.1\nHost: ${host}`;
  assert.equal(status(get("/")), 200);
  for (const host of ["127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000"]) {
    assert.equal(status(get("/", host)), 200, host);
  }
  // A page elsewhere whose name leads here, another port, no port.
  for (
    const host of ["evil.example", "localhost:8001", "localhost", "localhost.evil.example:8000"]
  ) {
    assert.equal(status(get("/", host)), 421, host);
  }
  for (
    const host of ["", "a b", "<x>:8000", "localhost:99999999", "[x]:8000", "a@localhost:8000"]
  ) {
    assert.equal(status(get("/", host)), 400, host);
  }
  assert.equal(status("GET / HTTP/1.1"), 400, "no host");
  assert.equal(status(`${get("/")}\nHost: localhost:8000`), 400, "two hosts");
  for (const path of ["http://evil/", "*", "/%", "/%ff", "a"]) assert.equal(status(get(path)), 400);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"]) {
    assert.equal(status(get("/").replace("GET", method)), 405, method);
  }
  assert.deepEqual(parseRequest("POST / HTTP/1.1", 1).refusal!.headers, { allow: "GET, HEAD" });
  assert.equal(status(get("/").replace("1.1", "2.0")), 505);
  for (const line of ["", "GET /", "get / HTTP/1.1", "GET  / HTTP/1.1", " GET / HTTP/1.1"]) {
    assert.equal(status(line), 400, line);
  }
  assert.equal(status(`${get("/")}\nno colon`), 400);
  for (const path of ["/../x", "/%2e%2e/x", "/..%2fx", "//etc/passwd"]) {
    assert.notEqual(parseRequest(get(path).replaceAll("\n", "\r\n"), 8000).path, undefined);
  }
});

Deno.test("a request that does not come to its end is not waited for", async () => {
  await withServer(async (port) => {
    const started = performance.now();
    const slow = ask(port, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    assert.match(
      await ask(port, `GET /a/b%20c HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`),
      /200/,
    );
    assert.match(await slow, /^HTTP\/1\.1 408 /);
    assert.ok(performance.now() - started < 15_000);
  });
});
