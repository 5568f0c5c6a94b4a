/** An answer to a request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** A request as far as static files need it. */
export interface FileRequest {
  /** Path below the server's address, decoded, without the slash in front. */
  readonly path: string;
}

/** A server that is running. */
export interface FileServer {
  readonly port: number;
  /** Takes no more requests and ends those that are under way. */
  close(): void;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  505: "HTTP Version Not Supported",
};

/** Milliseconds until a request has to be there, and until its answer has to be gone. */
const PATIENCE = { request: 5_000, answer: 60_000 };
/** Bytes of a request at most: one line and some headers. */
const LONGEST = 16_384;

/**
 * Serves files to this machine's browsers over HTTP/1.1: GET and HEAD, a connection for each request.
 * It is stricter than `Deno.serve`, which waits for slow requests without end: a request has five
 * seconds to arrive, its `Host` must name this machine (a page elsewhere whose name is made to lead
 * here is turned away), and what is malformed is answered with 400.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken
 */
export function serveFiles(
  port: number,
  answer: (request: FileRequest) => Promise<Answer>,
): FileServer {
  const listener = Deno.listen({ hostname: "localhost", port });
  const bound = (listener.addr as Deno.NetAddr).port;
  const open = new Set<Deno.Conn>();
  const accept = async () => {
    for await (const connection of listener) {
      open.add(connection);
      converse(connection, bound, answer).catch(() => {}).finally(() => {
        open.delete(connection);
        hangUp(connection);
      });
    }
  };
  accept().catch(() => {}); // ends when the listener is closed
  return {
    port: bound,
    close() {
      listener.close();
      for (const connection of open) hangUp(connection);
    },
  };
}

/** One request and its answer. */
async function converse(
  connection: Deno.Conn,
  port: number,
  answer: (request: FileRequest) => Promise<Answer>,
): Promise<void> {
  const { head, refusal } = await readHead(connection);
  const asked = head === undefined ? { refusal } : parseRequest(head, port);
  const result = asked.refusal ?? await answer({ path: asked.path! });
  const body = result.body ?? new TextEncoder().encode(`${REASONS[result.status]}\n`);
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    ...result.headers,
    "content-length": String(body.length),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "connection": "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const start = `HTTP/1.1 ${result.status} ${REASONS[result.status]}\r\n${lines}\r\n`;
  const parts = [new TextEncoder().encode(start), ...(asked.bodiless ? [] : [body])];
  await within(PATIENCE.answer, connection, async () => {
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += await connection.write(part.subarray(at));
    }
    await connection.closeWrite();
    // What the browser still sends is taken, or closing would take the answer back.
    const rest = new Uint8Array(4096);
    for (let taken = 0; taken < LONGEST;) {
      const count = await connection.read(rest);
      if (count === null) break;
      taken += count;
    }
  });
}

/** Everything up to the empty line. */
async function readHead(
  connection: Deno.Conn,
): Promise<{ readonly head?: string; readonly refusal?: Answer }> {
  const bytes = new Uint8Array(LONGEST);
  let length = 0;
  const deadline = performance.now() + PATIENCE.request;
  while (length < LONGEST) {
    const left = deadline - performance.now();
    const read = connection.read(bytes.subarray(length));
    const count = await Promise.race([read, expired(left)]);
    if (count === "expired") {
      read.catch(() => {});
      return { refusal: { status: 408 } };
    }
    if (count === null) break;
    length += count;
    const text = latin1(bytes.subarray(0, length));
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: text.slice(0, end) };
  }
  return { refusal: { status: length < LONGEST ? 400 : 431 } };
}

/** What a request asks for, or why it is refused. */
export function parseRequest(
  head: string,
  port: number,
): { readonly path?: string; readonly bodiless?: boolean; readonly refusal?: Answer } {
  const refuse = (status: number, headers?: Record<string, string>) => ({
    refusal: { status, headers },
  });
  const [line, ...lines] = head.split("\r\n");
  const [, method, target, version] = /^([A-Z]+) (\S+) HTTP\/(\d\.\d)$/.exec(line) ?? [];
  if (!version || lines.some((header) => !/^[\w!#$%&'*+.^`|~-]+:/.test(header))) return refuse(400);
  if (!version.startsWith("1.")) return refuse(505);
  if (method !== "GET" && method !== "HEAD") return refuse(405, { allow: "GET, HEAD" });
  const hosts = lines.filter((header) => /^host:/i.test(header));
  const host = hosts[0]?.slice("host:".length).trim() ?? "";
  const [, name, at = "80"] = /^([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(host) ?? [];
  if (hosts.length !== 1 || name === undefined) return refuse(400);
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(name.toLowerCase());
  if (!isHere || Number(at) !== port) return refuse(421);
  const [path] = target.split(/[?#]/);
  try {
    const decoded = decodeURIComponent(path);
    if (decoded.startsWith("/")) return { path: decoded.slice(1), bodiless: method === "HEAD" };
  } catch {
    // Not percent-encoded UTF-8.
  }
  return refuse(400);
}

/** Runs `body`; when it takes too long the connection is closed, which ends it. */
async function within(
  milliseconds: number,
  connection: Deno.Conn,
  body: () => Promise<void>,
): Promise<void> {
  const timer = setTimeout(() => hangUp(connection), milliseconds);
  try {
    await body();
  } finally {
    clearTimeout(timer);
  }
}

function expired(milliseconds: number): Promise<"expired"> {
  return new Promise((resolve) => {
    Deno.unrefTimer(setTimeout(() => resolve("expired"), Math.max(0, milliseconds)));
  });
}

function hangUp(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
