import type { Command } from "./command.ts";
import { Interrupted, UserError } from "../engine/errors.ts";
import { type FileServer, serveFiles } from "../viewer/http_server.ts";
import { buildSite, respond, type Site, writeSite } from "../viewer/site.ts";
import { untilInterrupted } from "./interrupts.ts";
import type { ParsedOptions } from "./options.ts";
import { tellResult } from "./progress.ts";

const PORT = 8000;
const OUT = "viewer/dist";

let server: FileServer | null = null;

/** `./calm viewer` and `./calm viewer build`. */
const viewer: Command = {
  spec: {
    name: "viewer",
    summary:
      "Serves a page that runs models in the browser on WebGPU and shows where they look, until " +
      "Ctrl-C.",
    topics: { build: "writes the page as files for any web server" },
    positionals: ["build"],
    options: {
      port: {
        type: "integer",
        min: 0,
        max: 65535,
        help: "port on localhost; 0: any that is free",
        default: PORT,
      },
      out: { type: "text", value: "DIR", help: "build: where to write", default: OUT },
    },
    examples: ["./calm viewer --port 8080", "./calm viewer build --out public/viewer"],
  },
  async run(options) {
    const [action] = options.positionals;
    if (action !== undefined && action !== "build") {
      throw new UserError(`./calm viewer takes nothing or build, found "${action}"`);
    }
    if (action === "build" && options.has("port")) {
      throw new UserError("--port is for serving; ./calm viewer build takes --out DIR");
    }
    if (action === undefined && options.has("out")) {
      throw new UserError("--out is for ./calm viewer build; serving writes nothing");
    }
    return action === "build" ? await build(options.text("out") ?? OUT) : await serve(options);
  },
  async end() {
    if (!server) return;
    await untilInterrupted((signal) =>
      new Promise((resolve) => signal.addEventListener("abort", resolve))
    );
    server.close();
  },
};

export default viewer;

async function build(out: string) {
  const site = await untilInterrupted(async (signal) => {
    const built = await buildSite();
    if (signal.aborted) throw new Interrupted(`Stopped; nothing was written to ${out}`);
    // It takes milliseconds and comes to its end.
    await writeSite(built, out);
    return built;
  });
  const bytes = [...site.values()].reduce((sum, { length }) => sum + length, 0);
  tellResult(
    `${out}: ${site.size} files, ${kilobytes(bytes)}; code ${kilobytes(size(site, "viewer.js"))}`,
  );
  return { out, files: site.size, bytes };
}

async function serve(options: ParsedOptions) {
  const port = options.quantity("port");
  // The port comes first: that it is taken is known sooner than the page is built.
  let site: Promise<Site> | null = null;
  try {
    server = serveFiles(port, async (request) => respond(await (site ??= buildSite()), request));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = error instanceof Deno.errors.AddrInUse
      ? "is taken"
      : `cannot be opened (${(error as Error).message})`;
    throw new UserError(`Port ${port} ${why}: name another with --port, or 0 for any`);
  }
  const code = size(await (site ??= buildSite()), "viewer.js");
  const url = `http://localhost:${server.port}/`;
  tellResult(`${url}  (code ${kilobytes(code)}; Ctrl-C ends)`);
  return { url };
}

function size(site: Site, path: string): number {
  return site.get(path)!.length;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} KB`;
}
