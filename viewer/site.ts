import { join } from "node:path";
import { writeAtomically } from "../weights/atomic_write.ts";
import { bundle } from "./bundle.ts";

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

/** The page's answer to a request. */
export function respond(site: Site, request: Request): Response {
  const path = new URL(request.url).pathname.slice(1) || "index.html";
  const contents = site.get(path);
  if (!contents) return new Response("There is no such file", { status: 404 });
  const type = TYPES[path.slice(path.lastIndexOf(".") + 1)];
  return new Response(contents, { headers: { "content-type": type, "cache-control": "no-cache" } });
}
