import assert from "node:assert/strict";
import { type Answer, parseRequest, type Patience, serveFiles } from "../../viewer/http_server.ts";

const body = new TextEncoder().encode("hello") as Uint8Array<ArrayBuffer>;
const answer = ({ path }: { path: string }): Promise<Answer> =>
  Promise.resolve(
    path === "a/b c" ? { status: 200, body, headers: { "content-type": "x/y" } } : {
      status: 404,
    },
  );

/** What a server on a port says to bytes. */
async function ask(port: number, request: string | Uint8Array): Promise<string> {
  const connection = await Deno.connect({ hostname: "localhost", port });
  const bytes = typeof request === "string" ? new TextEncoder().encode(request) : request;
  const sent = (async () => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  })();
  const text = await new Response(connection.readable).text();
  await sent;
  return text;
}

async function withServer(
  body: (port: number) => Promise<void>,
  { answers = answer, patience }: { answers?: typeof answer; patience?: Patience } = {},
): Promise<void> {
  const server = serveFiles(0, answers, patience);
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

/** Waits for no more than a moment. */
const HASTY: Patience = { request: 300, answer: 300, rest: 100 };

Deno.test("whatever is sent, the answer is a status with the headers of all answers", async () => {
  await withServer(async (port) => {
    const host = `Host: localhost:${port}\r\n`;
    const get = (path: string) => `GET ${path} HTTP/1.1\r\n${host}\r\n`;
    const head = `GET /a HTTP/1.1\r\n${host}`;
    const cases: [string | Uint8Array, number][] = [
      [get("/a/b%20c"), 200],
      ...["/../../etc/passwd", "/..%5cx", "/\\..\\x", "//", "/%00", "/%252e", "/__proto__"]
        .map((path): [string, number] => [get(path), 404]),
      ...["/ä", "/a b", "/%c0%af", "/%zz", "ftp://localhost/", "?", "\0"]
        .map((path): [string, number] => [get(path), 400]),
      [`${head}X: \0\r\n\r\n`, 400],
      [`${head}X: a\rb: c\r\n\r\n`, 400],
      [`${head} folded: x\r\n\r\n`, 400],
      [`${head}name : x\r\n\r\n`, 400],
      [`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
      [`${head}content-length: 100\r\n\r\nabc`, 400],
      [`${head}Content-Length: 0\r\n\r\n`, 404],
      // Binary data without any line, such as TLS begins with, is not waited for.
      [Uint8Array.from({ length: 2048 }, (_, i) => i), 400],
      [get(`/${"a".repeat(100_000)}`), 431],
      [`${head}X: ${"a".repeat(1_000_000)}\r\n\r\n`, 431],
      [`${head}${"X: a\r\n".repeat(10_000)}\r\n`, 431],
    ];
    for (const [request, status] of cases) {
      const found = await ask(port, request);
      assert.equal(found.slice(0, 12), `HTTP/1.1 ${status}`, String(request).slice(0, 80));
      assert.match(found, /\r\nx-content-type-options: nosniff\r\n/);
      assert.match(found, /\r\ncontent-security-policy: default-src 'none'/);
      assert.match(found, /\r\nconnection: close\r\n/);
    }
  });
});

Deno.test("slow clients are waited for only so long, and hold up nobody", async () => {
  const large: Answer = { status: 200, body: new Uint8Array(8_000_000) };
  await withServer(async (port) => {
    const slow = Array.from({ length: 100 }, () => ask(port, "GET / HTTP/1.1\r\nX: "));
    for (const found of await Promise.all(slow)) assert.match(found, /^HTTP\/1\.1 408 /);
    assert.equal(await ask(port, ""), "", "nothing asked, nothing said");
    // A byte now and then does not make it longer.
    const began = performance.now();
    const drip = await Deno.connect({ hostname: "localhost", port });
    const dripping = setInterval(() => drip.write(new Uint8Array([97])).catch(() => {}), 20);
    assert.match(await new Response(drip.readable).text(), /^HTTP\/1\.1 408 /);
    clearInterval(dripping);
    assert.ok(performance.now() - began < 2_000);
    // More than the system keeps for a client that takes nothing.
    const idle = await Deno.connect({ hostname: "localhost", port });
    await idle.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`));
    await new Promise((resolve) => setTimeout(resolve, 600));
    const part = await new Response(idle.readable).bytes().catch(() => new Uint8Array());
    assert.ok(part.length < 8_000_000, "it was cut off");
  }, { answers: () => Promise.resolve(large), patience: HASTY });
});

Deno.test("an answer that cannot be made is told as 500, and the server goes on", async () => {
  let asked = 0;
  const answers = (request: { path: string }) =>
    asked++ === 0 ? Promise.reject(new Error("secret")) : answer(request);
  await withServer(async (port) => {
    const request = `GET /a/b%20c HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`;
    const found = await ask(port, request);
    assert.match(found, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
    assert.doesNotMatch(found, /secret|\bat /);
    assert.match(await ask(port, request), /^HTTP\/1\.1 200 /);
  }, { answers });
});
