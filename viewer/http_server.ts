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
  500: "Internal Server Error",
  505: "HTTP Version Not Supported",
};

/** How long clients are waited for, in milliseconds. */
export interface Patience {
  /** Until a request has to be there. */
  readonly request: number;
  /** Until its answer has to be gone. */
  readonly answer: number;
  /** For what is still sent after it. */
  readonly rest: number;
}

const PATIENCE: Patience = { request: 5_000, answer: 60_000, rest: 500 };
/** Milliseconds until another connection is tried where the system had none left. */
const RETRY = 50;
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
  patience = PATIENCE,
): FileServer {
  const listener = Deno.listen({ hostname: "localhost", port });
  const bound = (listener.addr as Deno.NetAddr).port;
  const open = new Set<Deno.Conn>();
  let closed = false;
  const accept = async () => {
    while (!closed) {
      try {
        const connection = await listener.accept();
        open.add(connection);
        converse(connection, { port: bound, answer, patience }).catch(() => {}).finally(() => {
          open.delete(connection);
          hangUp(connection);
        });
      } catch {
        // Too many are open, or this one was gone at once: the others are still served.
        if (!closed) await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  };
  accept();
  return {
    port: bound,
    close() {
      closed = true;
      listener.close();
      for (const connection of open) hangUp(connection);
    },
  };
}

/** One request and its answer. */
async function converse(
  connection: Deno.Conn,
  { port, answer, patience }: {
    readonly port: number;
    readonly answer: (request: FileRequest) => Promise<Answer>;
    readonly patience: Patience;
  },
): Promise<void> {
  const { head, refusal } = await readHead(connection, patience.request);
  // Browsers connect ahead of need, and would take an answer for one to their next request.
  if (head === "") return;
  const asked = head === undefined ? { refusal } : parseRequest(head, port);
  const result = asked.refusal ??
    await answer({ path: asked.path! }).catch((): Answer => ({ status: 500 }));
  const body = result.body ?? new TextEncoder().encode(`${REASONS[result.status]}\n`);
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
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
  await within(patience.answer, connection, async () => {
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += await connection.write(part.subarray(at));
    }
    await connection.closeWrite();
  });
  await within(patience.rest, connection, async () => {
    // What the browser still sends is taken, or closing would take the answer back.
    const rest = new Uint8Array(LONGEST);
    while (await connection.read(rest) !== null);
  });
}

/** Everything up to the empty line; empty where nothing was sent. */
async function readHead(
  connection: Deno.Conn,
  patience: number,
): Promise<{ readonly head?: string; readonly refusal?: Answer }> {
  const bytes = new Uint8Array(LONGEST);
  let length = 0;
  const deadline = performance.now() + patience;
  while (length < LONGEST) {
    const left = deadline - performance.now();
    const read = connection.read(bytes.subarray(length));
    const count = await Promise.race([read, expired(left)]);
    if (count === "expired") {
      read.catch(() => {});
      return length === 0 ? { head: "" } : { refusal: { status: 408 } };
    }
    if (count === null) return length === 0 ? { head: "" } : { refusal: { status: 400 } };
    length += count;
    const text = latin1(bytes.subarray(0, length));
    if (!/^[\t\r\n -~\x80-\xff]*$/.test(text)) return { refusal: { status: 400 } };
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return { head: text.slice(0, end) };
  }
  return { refusal: { status: 431 } };
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
  const [, method, target, version] = /^([A-Z]+) ([!-~]+) HTTP\/(\d\.\d)$/.exec(line) ?? [];
  if (!version || lines.some((header) => !/^[\w!#$%&'*+.^`|~-]+:[^\r\n]*$/.test(header))) {
    return refuse(400);
  }
  if (!version.startsWith("1.")) return refuse(505);
  if (method !== "GET" && method !== "HEAD") return refuse(405, { allow: "GET, HEAD" });
  const hosts = lines.filter((header) => /^host:/i.test(header));
  const host = hosts[0]?.slice("host:".length).trim() ?? "";
  const [, name, at = "80"] = /^([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(host) ?? [];
  if (hosts.length !== 1 || name === undefined) return refuse(400);
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(name.toLowerCase());
  if (!isHere || Number(at) !== port) return refuse(421);
  // Whoever asks for a file sends none: a length that is read in two ways hides a second request.
  if (lines.some((header) => /^(transfer-encoding|content-length):(?!\s*0\s*$)/i.test(header))) {
    return refuse(400);
  }
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
