import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "viewer/README.md",
  "weights/README.md",
  "tests/faults/README.md",
  ...Array.from(Deno.readDirSync(join(root, "docs")), ({ name }) => `docs/${name}`)
    .filter((name) => name.endsWith(".md")),
];

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(join(root, path)).then(() => true, () => false);
}

for (const page of PAGES) {
  Deno.test(`${page}: what it links to and names is there`, async () => {
    const text = await Deno.readTextFile(join(root, page));
    const missing: string[] = [];
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      if (!await isThere(normalize(join(dirname(page), target)))) missing.push(target);
    }
    // Paths of the project's sources in code; what a run or a user makes lies elsewhere.
    const sources =
      /`((?:bench|cli|data|engine|eval|model|shaders|tests|viewer|weights)\/[^`\s]*)`/g;
    for (const [, path] of text.matchAll(sources)) {
      if (/[*<>{}…]/.test(path) || path.startsWith("viewer/dist")) continue;
      if (!await isThere(path)) missing.push(path);
    }
    assert.deepEqual(missing, []);
  });
}

Deno.test("paper_to_code: every name in code that it gives to a file is in that file", async () => {
  const text = await Deno.readTextFile(join(root, "docs/paper_to_code.md"));
  const cited = [...text.matchAll(/\]\(\.\.\/([^)]+\.ts)\) `(\w+)`/g)];
  assert.ok(cited.length > 8, `only ${cited.length} names`);
  for (const [, path, name] of cited) {
    const source = await Deno.readTextFile(join(root, path));
    assert.match(source, new RegExp(`\\b${name}\\b`), `${path} has no ${name}`);
  }
});
