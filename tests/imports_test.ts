import assert from "node:assert/strict";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { pathsBelow } from "./faults/program.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Rooms from the lowest to the highest: a file imports from its own and from lower ones. */
const ROOMS = [
  ["shaders"],
  ["engine"],
  ["weights"],
  ["data"],
  ["model"],
  ["model/training"],
  ["model/stored"],
  ["model/mod.ts"],
  ["eval/maps"],
  ["eval/measures"],
  ["eval/present"],
  ["eval/runs"],
  // Neither knows the other.
  ["bench", "viewer"],
  ["cli"],
  ["cli.ts"],
];

/** The room of a file and how high it is; null outside the house. */
function roomOf(path: string): { name: string; rank: number } | null {
  // The innermost one.
  for (const [rank, rooms] of [...ROOMS.entries()].reverse()) {
    const name = rooms.find((room) => path === room || path.startsWith(`${room}/`));
    if (name) return { name, rank };
  }
  return null;
}

const sources = new Map<string, string[]>();
for (const folder of new Set(ROOMS.flat().map((room) => room.split("/")[0]))) {
  const paths = folder.endsWith(".ts")
    ? [folder]
    : (await pathsBelow(join(root, folder))).map((path) => `${folder}/${path}`);
  for (const path of paths.filter((path) => path.endsWith(".ts"))) {
    const text = await Deno.readTextFile(join(root, path));
    const specifiers = text.matchAll(/(?:\bfrom |\bimport |\bimport\()"(\.{1,2}\/[^"]+)"/g);
    sources.set(path, [...specifiers].map(([, to]) => normalize(join(path, "..", to))));
  }
}

Deno.test("imports point one way, downwards", () => {
  assert.ok(sources.size > 300, `only ${sources.size} files`);
  const wrong: string[] = [];
  for (const [path, imports] of sources) {
    const from = roomOf(path);
    if (!from) wrong.push(`${path} is in no room`);
    for (const to of imports) {
      const room = roomOf(to);
      // The version number.
      if (to === "deno.json") continue;
      const isAllowed = room && from && (room.rank < from.rank || room.name === from.name);
      if (!isAllowed) wrong.push(`${path} imports ${to}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no file imports itself by way of others", () => {
  const done = new Set<string>();
  const path: string[] = [];
  const circles: string[] = [];
  const visit = (file: string) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    path.push(file);
    for (const to of sources.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of sources.keys()) visit(file);
  assert.deepEqual(circles, []);
});
