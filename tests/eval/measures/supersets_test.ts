import assert from "node:assert/strict";
import { ancestors, readWordnet } from "../../../data/wordnet.ts";
import { WORDNET_ROOTS } from "../../../data/wordnet_roots.ts";
import {
  allClasses,
  openSupersets,
  ownClass,
  readSupersets,
  type Supersets,
  supersetsFor,
  wordnetSupersets,
} from "../../../eval/measures/supersets.ts";
import { type Files, withFolder } from "../../data/wsol_folder.ts";

const NAMES = ["wren", "finch", "car", "truck", "cup"];

const all = (supersets: Supersets, count: number) =>
  Array.from({ length: count }, (_, label) => supersets(label));

async function refuses(loading: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(loading, (error: Error) => {
    assert.equal(error.name, "UserError");
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("the paper's rules: all of CUB's classes, OpenImages' own", () => {
  assert.deepEqual(all(allClasses(3), 3), [[0, 1, 2], [0, 1, 2], [0, 1, 2]]);
  assert.deepEqual(all(ownClass(), 3), [[0], [1], [2]]);
  assert.deepEqual(supersetsFor("cub", 200)(7).length, 200);
  assert.deepEqual(supersetsFor("birds", 12)(7).length, 12);
  assert.deepEqual(supersetsFor("openimages", 100)(7), [7]);
  assert.deepEqual(supersetsFor("fashion-mnist", 10)(7), [7]);
  assert.throws(() => supersetsFor("ilsvrc", 1000), /ilsvrc needs --supersets FILE\|DIR/);
});

for (
  const [form, json] of Object.entries({
    "a list of groups": '[["finch", "wren"], [3, "car"]]',
    "groups by name": '{"birds": [1, 0], "vehicles": ["truck", 2]}',
  })
) {
  Deno.test(`supersets.json: ${form}, by name or index`, async () => {
    await withFolder({ "own.json": json }, async (root) => {
      const supersets = await openSupersets(`${root}/own.json`, NAMES);
      assert.deepEqual(all(supersets, 5), [[0, 1], [0, 1], [2, 3], [2, 3], [4]]);
    });
  });
}

const damages: [json: string, message: RegExp][] = [
  ["[[", /own\.json is not JSON: /],
  ["3", /own\.json holds 3, expected a list of groups or an object/],
  ["null", /own\.json holds null, expected a list of groups/],
  ['["wren"]', /own\.json: group 1 is "wren", expected a list of classes/],
  ['{"small": 4}', /own\.json: small is 4, expected a list of classes/],
  ['{"small": ["gull"]}', /small has "gull", expected the name of a class or an index from 0 to 4/],
  ["[[0], [5]]", /group 2 has 5, expected the name of a class or an index from 0 to 4/],
  ["[[0.5]]", /group 1 has 0\.5, expected/],
  ["[[null]]", /group 1 has null, expected/],
  ['[["wren", 2], [3, 0]]', /class 0 \("wren"\) is in group 1 and in group 2, expected it once/],
  ["[[2, 2]]", /class 2 \("car"\) is twice in group 1, expected it once/],
];

for (const [json, message] of damages) {
  Deno.test(`a supersets.json of ${json} is refused`, async () => {
    await withFolder({ "own.json": json }, async (root) => {
      await refuses(readSupersets(`${root}/own.json`, NAMES), message);
    });
  });
}

/**
 * A little WordNet. What is below what: animal → dog → toy dog; animal → bird; vehicle → car, truck;
 * a minivan is a car and a truck; nothing is above cup.
 */
const IDS = {
  animal: "n00000001",
  dog: "n00000002",
  toyDog: "n00000003",
  bird: "n00000004",
  vehicle: "n00000005",
  car: "n00000006",
  truck: "n00000007",
  minivan: "n00000008",
  cup: "n00000009",
  pug: "n00000010",
  puppy: "n00000011",
  wren: "n00000012",
  taxi: "n00000013",
  lorry: "n00000014",
  cart: "n00000015",
};
const KINDS = [
  ["animal", "dog"],
  ["dog", "toyDog"],
  ["animal", "bird"],
  ["vehicle", "car"],
  ["vehicle", "truck"],
  ["truck", "minivan"],
  ["car", "minivan"],
  ["toyDog", "pug"],
  ["dog", "puppy"],
  ["bird", "wren"],
  ["car", "taxi"],
  ["truck", "lorry"],
  ["vehicle", "cart"],
] as const;
const LISTS = {
  "words.txt": Object.entries(IDS).map(([word, id]) => `${id}\t${word}, and more`).join("\n"),
  "wordnet.is_a.txt": KINDS.map(([parent, child]) => `${IDS[parent]} ${IDS[child]}`).join("\n"),
};
const CLASSES = [
  IDS.pug,
  IDS.puppy,
  IDS.wren,
  IDS.taxi,
  IDS.minivan,
  IDS.lorry,
  IDS.cart,
  IDS.cup,
  IDS.toyDog,
];
const root = (name: keyof typeof IDS) => ({ id: IDS[name], name });

Deno.test("WordNet: classes below the same root, below the lowest of nested roots", async () => {
  await withFolder(LISTS, async (folder) => {
    const wordnet = await readWordnet(folder);
    assert.equal(wordnet.words.get(IDS.pug), "pug, and more");
    assert.deepEqual(wordnet.parents.get(IDS.minivan), [IDS.truck, IDS.car]);
    const roots = [root("animal"), root("dog"), root("toyDog"), root("vehicle")];
    const supersets = wordnetSupersets(wordnet, CLASSES, roots);
    const dogs = [[0, 8], [1], [2]];
    const vehicles = [3, 4, 5, 6];
    assert.deepEqual(all(supersets, 9), [
      ...dogs,
      ...vehicles.map(() => vehicles),
      [7],
      // A class that is a root itself is below it.
      [0, 8],
    ]);
  });
});

Deno.test("WordNet: of separate roots above a class the table's first has it", async () => {
  await withFolder(LISTS, async (folder) => {
    const wordnet = await readWordnet(folder);
    const of = (...names: (keyof typeof IDS)[]) =>
      wordnetSupersets(wordnet, CLASSES, names.map(root))(4);
    assert.deepEqual(of("car", "truck"), [3, 4]);
    assert.deepEqual(of("truck", "car"), [4, 5]);
    // The vehicle is above both, hence not the lowest.
    assert.deepEqual(of("vehicle", "truck", "car"), [4, 5]);
  });
});

Deno.test("WordNet: data.noun gives the same as ImageNet's lists", async () => {
  const nouns = Object.entries(IDS).map(([word, id]) => {
    const parents = KINDS.flatMap(([parent, child]) => child === word ? [IDS[parent]] : []);
    // Two words, a part that is no kind, an instance of the last parent, and a verb.
    const pointers = parents.map((parent, i) => `@${i ? "i" : ""} ${parent.slice(1)} n 0000`);
    const all = ["#p 00000009 n 0000", ...pointers, "+ 00000001 v 0101"];
    const count = String(all.length).padStart(3, "0");
    return `${id.slice(1)} 05 n 02 ${word} 0 and_more 1 ${count} ${all.join(" ")} | gloss @ n`;
  });
  const licence = "  1 This software and database is provided  \n  2   \n 29 to you.  \n";
  await withFolder({ ...LISTS, "own/data.noun": licence + nouns.join("  \n") }, async (folder) => {
    const [lists, own] = [await readWordnet(folder), await readWordnet(`${folder}/own`)];
    assert.deepEqual(own.words, lists.words);
    assert.deepEqual(
      new Map([...own.parents].map(([id, parents]) => [id, [...parents].sort()])),
      new Map([...lists.parents].map(([id, parents]) => [id, [...parents].sort()])),
    );
  });
});

Deno.test("WordNet with a circle is walked once", async () => {
  const isA = `${IDS.dog} ${IDS.bird}\n${IDS.bird} ${IDS.dog}\n`;
  await withFolder({ ...LISTS, "wordnet.is_a.txt": isA }, async (folder) => {
    assert.deepEqual([...ancestors(await readWordnet(folder), IDS.dog)], [IDS.dog, IDS.bird]);
  });
});

const broken: [name: string, files: Files, message: RegExp][] = [
  [
    "no lists",
    { "words.txt": "" },
    /has neither words\.txt with wordnet\.is_a\.txt .* nor data\.n/,
  ],
  [
    "odd words",
    { ...LISTS, "words.txt": "\nn00000001 animal" },
    /words\.txt:2: expected "n02084071<TAB>words", found "n00000001 animal"/,
  ],
  [
    "odd kinds",
    { ...LISTS, "wordnet.is_a.txt": "n00000001" },
    /wordnet\.is_a\.txt:1: expected two ids, "parent child", found "n00000001"/,
  ],
  [
    "nouns cut short",
    { "data.noun": "00000001 05 n 01 dog 0 002 @ 00000002 n 0000" },
    /data\.noun:1: expected a noun of WordNet, found "00000001 05 n 01 dog/,
  ],
];

for (const [name, files, message] of broken) {
  Deno.test(`a WordNet folder with ${name} is refused`, async () => {
    await withFolder(files, async (folder) => await refuses(openSupersets(folder, []), message));
  });
}

Deno.test("classes that are no synsets, and a missing folder, are named", async () => {
  await withFolder(LISTS, async (folder) => {
    await refuses(
      openSupersets(folder, [IDS.dog, "class 1"]),
      /^Class 1 is called "class 1", expected a synset of .* such as n02084071$/,
    );
    await refuses(
      openSupersets(`${folder}/none`, []),
      /none does not exist, expected a \.json file/,
    );
    await refuses(openSupersets(`${folder}/none.json`, []), /none\.json cannot be read/);
  });
});

Deno.test("the table of roots has each synset once", () => {
  const ids = WORDNET_ROOTS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => /^n\d{8}$/.test(id)));
  assert.ok(WORDNET_ROOTS.some(({ id, name }) => id === "n02084071" && name === "dog"));
});
