import { join } from "node:path";
import { writeAtomically } from "../weights/atomic_write.ts";
import { bundle } from "./bundle.ts";
import type { Answer, FileRequest } from "./http_server.ts";

/** The page's files by their paths below its address. */
export type Site = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  jpg: "image/jpeg",
  png: "image/png",
  safetensors: "application/octet-stream",
};

/** Builds the page: its code in one module, and beside it a model and pictures to begin with. */
export async function buildSite(): Promise<Site> {
  const here = (path: string) => new URL(path, import.meta.url);
  const site = new Map([
    ["viewer.js", await bundle(here("page/main.ts"))],
    ["index.html", await Deno.readFile(here("page/index.html"))],
    ["style.css", await Deno.readFile(here("page/style.css"))],
    ["birds.safetensors", await Deno.readFile(here("birds.safetensors"))],
  ]);
  for await (const { name } of Deno.readDir(here("samples"))) {
    site.set(`samples/${name}`, await Deno.readFile(here(`samples/${name}`)));
  }
  return site;
}

/** Writes the page into a folder, from which any web server can serve it. */
export async function writeSite(site: Site, folder: string): Promise<void> {
  for (const [path, contents] of site) await writeAtomically(join(folder, path), contents);
}

/** The page's answer to a request for one of its files. */
export function respond(site: Site, { path }: FileRequest): Answer {
  const name = path || "index.html";
  const body = site.get(name);
  if (!body) return { status: 404 };
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
  const policy = `${policyOf(site)}; frame-ancestors 'none'`;
  return {
    status: 200,
    headers: {
      "content-type": type,
      "cache-control": "no-cache",
      "content-security-policy": policy,
    },
    body,
  };
}

/** What the page says itself of what it may load, for web servers that say nothing. */
function policyOf(site: Site): string {
  const page = new TextDecoder().decode(site.get("index.html"));
  return /content="(default-src [^"]*)"/.exec(page)![1];
}
