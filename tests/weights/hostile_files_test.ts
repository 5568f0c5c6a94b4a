import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Random } from "../../engine/random.ts";
import { bytesSource } from "../../weights/byte_source.ts";
import { readFloat32 } from "../../weights/host_tensor.ts";
import { encodeSafetensors } from "../../weights/safetensors.ts";
import { readStateFile } from "../../weights/state_file.ts";
import { zipChunks } from "../../weights/zip.ts";

const folder = fileURLToPath(new URL("../goldens/torch/", import.meta.url));
const text = (value: string) => new TextEncoder().encode(value);

/** Bytes of pickle instructions: numbers, and texts as they are. */
function pickle(...parts: (number | string | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.flatMap((part) => typeof part === "string" ? [...text(part)] : part);
  return Uint8Array.from([0x80, 2, ...bytes, 0x2e]);
}

/** A zip as PyTorch writes it around a pickle, with one storage of four floats. */
async function zipped(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const files = [["archive/data.pkl", data], ["archive/data/0", new Uint8Array(16)]] as const;
  const entries = files.map(([name, bytes]) => [name, () => Promise.resolve(bytes)] as const);
  for await (const chunk of zipChunks("f", entries)) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

const read = async (bytes: Uint8Array) => {
  const { tensors } = await readStateFile(bytesSource(bytes, "dir/file.pth"));
  for (const tensor of tensors.values()) await readFloat32(tensor);
  return tensors;
};

const global = (module: string, name: string) => `c${module}\n${name}\n`;
const short = (value: string) => [0x58, value.length, 0, 0, 0, ...text(value)];
const storage = (length: readonly number[]) => [
  ...[0x28, ...short("storage")],
  ...text(global("torch", "FloatStorage")),
  ...[...short("0"), ...short("cpu"), ...length, 0x74, 0x51],
];
const FOUR = [0x4b, 4];
/** {"w": torch._utils._rebuild_tensor_v2(…)} */
const tensor = (...args: (number | readonly number[])[]) =>
  pickle(
    ...[[0x7d], short("w"), global("torch._utils", "_rebuild_tensor_v2"), 0x28],
    ...args,
    [0x74, 0x52, 0x73],
  );
const call = (module: string, name: string, argument: string) =>
  pickle(global(module, name), short(argument), 0x85, 0x52);

const HOSTILE: [name: string, bytes: Uint8Array<ArrayBuffer>, message: RegExp][] = [
  ["os.system", call("os", "system", "touch /tmp/owned"), /wants to call os\.system/],
  ["posix.system", call("posix", "system", "id"), /wants to call posix\.system/],
  ["eval", call("builtins", "eval", "1"), /wants to call builtins\.eval/],
  ["getattr", call("builtins", "getattr", "x"), /what it calls was not run: builtins\.getattr$/],
  ["an attribute of torch", call("torch", "hub.load", "x"), /was not run: torch\.hub\.load$/],
  [
    "a method of this program's maps",
    call("constructor", "constructor", "x"),
    /was not run: constructor\.constructor$/,
  ],
  [
    "a class that is made",
    pickle(global("subprocess", "Popen"), 0x29, 0x81),
    /wants to call subprocess\.Popen/,
  ],
  ["a state that is set", pickle(0x5d, 0x7d, 0x62), /sets the state of a list/],
  ["a call of a list", pickle(0x5d, 0x29, 0x52), /calls something that is not a function/],
  [
    "an instruction of protocol 0",
    pickle("(ios\nsystem\n"),
    /instruction 0x69 is not allowed/,
  ],
  ["a tensor without a storage", tensor(0x4e, [0x4b, 0], 0x29, 0x29), /without a storage/],
  [
    "extents that are no numbers",
    tensor(storage(FOUR), [0x4b, 0], short("x"), 0x29),
    /"?x"? is not a list of extents|x is not a list of extents/,
  ],
  [
    "a tensor beyond its storage",
    tensor(storage(FOUR), [0x4b, 1], [0x4b, 4, 0x85], [0x4b, 1, 0x85]),
    /does not fit its storage of 4 elements/,
  ],
  [
    "two thousand million elements out of one",
    tensor(storage(FOUR), [0x4b, 0], [0x4a, 0, 0, 0, 0x7f, 0x85], [0x4b, 0, 0x85]),
    /does not fit its storage of 4 elements/,
  ],
  [
    "a negative offset",
    tensor(storage(FOUR), [0x4a, 255, 255, 255, 255], [0x4b, 2, 0x85], [0x4b, 1, 0x85]),
    /does not fit its storage/,
  ],
  [
    "a storage of 2 GB that is not there",
    tensor(storage([0x4a, 0, 0, 0, 0x20]), [0x4b, 0], [0x4b, 1, 0x85], [0x4b, 1, 0x85]),
    /storage 0 should have 2147483648 bytes, but the zip has 16/,
  ],
  ["a text of 2 GB", pickle(0x58, [0, 0, 0, 0x7f]), /claims 2130706432 bytes where/],
  ["bytes of 2 GB", pickle(0x42, [0, 0, 0, 0x7f]), /claims 2130706432 bytes where/],
  ["a long integer", pickle(0x8a, 200, Array(200).fill(1)), /an integer has 200 bytes/],
  ["a memo of nothing", pickle(0x6a, [255, 255, 255, 255]), /never stored/],
  ["an empty stack", pickle(), /stack is broken/],
  ["no dictionary", pickle(0x4b, 1), /holds no tensors by name/],
];

for (const [name, bytes, message] of HOSTILE) {
  Deno.test(`a pickle with ${name} is refused in one sentence`, async () => {
    await assert.rejects(read(await zipped(bytes)), (error: Error) => {
      assert.equal(error.name, "UserError", String(error.stack));
      assert.match(error.message, /^dir\/file\.pth /);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  });
}

Deno.test("a million nested lists are no problem, nor is a list of lists that doubles", async () => {
  const deep = new Uint8Array(2_000_000).fill(0x5d, 0, 1_000_000).fill(0x61, 1_000_000);
  const nested = Uint8Array.from([0x80, 2, ...deep.subarray(0, 1_999_999), 0x2e]);
  await assert.rejects(read(await zipped(nested)), /holds no tensors by name/);
  // l = []; thirty times: l = [l, l]
  const doubling = Array(30).fill([0x71, 0, 0x68, 0, 0x86]).flat();
  await assert.rejects(read(await zipped(pickle(0x5d, doubling))), /holds no tensors by name/);
});

/** A tuple that holds itself twice, so often: its text would have 2ⁿ letters. */
const laughs = (
  levels: number,
) => [...[0x29], ...Array(levels).fill([0x71, 9, 0x68, 9, 0x86]).flat()];
const floats = [...text("ctorch\nFloatStorage\n")];
const id = (key: readonly number[], device: readonly number[], length: readonly number[]) => [
  ...[0x28, ...short("storage"), ...floats, ...key, ...device, ...length, 0x74, 0x51],
];

for (
  const [place, storage] of Object.entries({
    key: id(laughs(60), short("cpu"), FOUR),
    device: id(short("0"), laughs(60), FOUR),
    length: id(short("0"), short("cpu"), laughs(60)),
    class: [
      0x28,
      ...short("storage"),
      ...laughs(60),
      ...short("0"),
      ...short("cpu"),
      ...FOUR,
      0x74,
      0x51,
    ],
  })
) {
  Deno.test(`tuples nested sixty times as ${place} of a storage take no time`, async () => {
    const file = await zipped(tensor(storage, [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85]));
    const started = performance.now();
    const reading = read(file);
    if (place === "device") assert.equal((await reading).size, 1);
    else {
      await assert.rejects(
        reading,
        /a persistent id is not that of a storage|is not a type of storage/,
      );
    }
    assert.ok(performance.now() - started < 1000);
  });
}

Deno.test("tuples nested sixty times as a name, as a state, as a key beside the tensors", async () => {
  const entry = tensor(storage(FOUR), [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85]);
  // {"w": tensor, laughs: laughs}, a state dict with a key that is no name.
  const beside = Uint8Array.from([
    ...entry.subarray(0, -1),
    ...laughs(60),
    ...laughs(60),
    0x73,
    0x2e,
  ]);
  const started = performance.now();
  assert.equal((await read(await zipped(beside))).size, 1);
  const named = pickle([0x7d], laughs(60), [...entry.subarray(6, -2)], 0x73);
  await assert.rejects(read(await zipped(named)), (error: Error) => error.name === "UserError");
  assert.ok(performance.now() - started < 1000);
});

Deno.test("five million values are the most, also by recalling what doubles", async () => {
  // l = []; forty times: extend l by l
  const doubling = Array(40).fill([0x28, 0x68, 0, 0x65]).flat();
  const growing = pickle([0x5d, 0x71, 0], Array(9).fill([0x4b, 1, 0x61]).flat(), doubling);
  await assert.rejects(read(await zipped(growing)), (error: Error) => error.name === "UserError");
});

Deno.test("objects of other programs beside the tensors are left out by name", async () => {
  const entry = [
    ...tensor(storage(FOUR), [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85]).subarray(2, -1),
  ];
  const namespace = [
    ...text(global("argparse", "Namespace")),
    ...[0x29, 0x81, 0x7d, ...short("lr"), 0x4b, 1, 0x73, 0x62],
  ];
  const scalar = [
    ...text(global("numpy.core.multiarray", "scalar")),
    ...[...text(global("numpy", "dtype")), ...short("f8"), 0x85, 0x52, ...short("x"), 0x86, 0x52],
  ];
  const file = pickle(
    [0x7d],
    [...short("state_dict"), ...entry, 0x73],
    [...short("args"), ...namespace, 0x73],
    [...short("best"), ...scalar, 0x73],
    [...short("epoch"), 0x4b, 7, 0x73],
  );
  const { tensors, metadata, notes } = await readStateFile(
    bytesSource(await zipped(file), "f.pth"),
  );
  assert.deepEqual([...tensors.keys()], ["w"]);
  assert.deepEqual(metadata, { epoch: "7" });
  assert.match(
    notes[0],
    /left out: argparse\.Namespace, numpy\.dtype, numpy\.core\.multiarray\.scalar$/,
  );
});

Deno.test("of several sets of weights the plain one is taken, and said; --weights chooses", async () => {
  const entry = [
    ...tensor(storage(FOUR), [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85]).subarray(2, -1),
  ];
  const of = async (...keys: string[]) =>
    bytesSource(
      await zipped(pickle([0x7d], ...keys.map((key) => [...short(key), ...entry, 0x73]))),
      "f.pth",
    );
  const both = await readStateFile(await of("model_ema", "model"));
  assert.deepEqual(both.notes, [
    "f.pth: the weights called model were taken; --weights chooses others (model_ema)",
  ]);
  const averaged = await readStateFile(await of("model_ema", "model"), { weights: "ema" });
  assert.match(averaged.notes[0], /the weights called model_ema were taken/);
  assert.deepEqual((await readStateFile(await of("state_dict_ema"))).notes, []);
  await assert.rejects(readStateFile(await of("ema", "swa")), /several sets .* from ema, swa$/);
  await assert.rejects(
    readStateFile(await of("model", "ema"), { weights: "best" }),
    /--weights is "best", expected one of those in f\.pth: model, ema/,
  );
});

Deno.test("what wrappers put before every name is taken off, in both formats alike", async () => {
  const numbers = { shape: [1], data: Float32Array.of(1) };
  for (
    const prefix of ["module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module."]
  ) {
    const tensors = new Map(["a.weight", "b"].map((name) => [prefix + name, numbers]));
    const bytes = await encodeSafetensors({ tensors, metadata: {} });
    const file = await readStateFile(bytesSource(bytes, "f"));
    assert.deepEqual([...file.tensors.keys()].sort(), ["a.weight", "b"], prefix);
  }
  const some = new Map([["model.a", numbers], ["b", numbers]]);
  const bytes = await encodeSafetensors({ tensors: some, metadata: {} });
  assert.equal((await readStateFile(bytesSource(bytes, "f"))).tensors.has("model.a"), true);
});

Deno.test("files that are no checkpoints are named for what they are", async () => {
  const kinds: Record<string, RegExp> = {
    "": /is empty/,
    "version https://git-lfs.github.com/spec/v1\n": /is a Git LFS pointer.*git lfs pull/,
    "<!DOCTYPE html><html>": /is an HTML page, perhaps of a download that failed/,
    "\x1f\x8b\b": /is a gzip archive: unpack it first/,
    '{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}':
      /is the index of a model that lies in several files/,
    '{"a": 1}': /is JSON/,
    "\0\0\0\0\0\0\0\0\0\0": /nothing but zeros/,
  };
  for (const [content, message] of Object.entries(kinds)) {
    const bytes = Uint8Array.from(content, (letter) => letter.charCodeAt(0));
    await assert.rejects(readStateFile(bytesSource(bytes, "f.pth")), (error: Error) => {
      assert.match(error.message, /^f\.pth is no checkpoint: it /);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a bit flipped in a tensor of a zip is found by its checksum", async () => {
  const bytes = await Deno.readFile(folder + "zip.pth");
  const at = indexOf(bytes, new Uint8Array(Float32Array.of(-1).buffer));
  bytes[at + 1] ^= 1;
  await assert.rejects(read(bytes), /does not have the checksum/);
});

const VICTIMS: [string, Uint8Array][] = [
  ...await Promise.all(
    ["zip.pth", "legacy.pth", "tar.pth", "official_legacy.pth.tar"].map(
      async (name): Promise<[string, Uint8Array]> => [name, await Deno.readFile(folder + name)],
    ),
  ),
  [
    "safetensors",
    await encodeSafetensors({
      tensors: new Map(
        ["a", "b", "c"].map((
          name,
        ) => [name, { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]),
      ),
      metadata: { format: "pt" },
    }),
  ],
];

for (const [name, original] of VICTIMS) {
  Deno.test(`2,000 mutations of ${name}: read, or refused in one sentence`, async () => {
    const random = Random.of(4, 0xf022);
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      let bytes = original.slice();
      const kind = random.int(4);
      if (kind === 0) bytes = bytes.subarray(0, random.int(bytes.length));
      for (let edits = kind === 0 ? 0 : 1 + random.int(3); edits > 0; edits--) {
        const at = random.int(bytes.length);
        if (kind === 1) bytes[at] ^= 1 << random.int(8);
        else if (kind === 2) bytes[at] = random.int(256);
        else bytes.fill(random.chance(0.5) ? 0xff : 0, at, at + 1 + random.int(8));
      }
      try {
        await read(bytes);
      } catch (error) {
        assert.equal(
          (error as Error).name,
          "UserError",
          `round ${round}: ${(error as Error).stack}`,
        );
        refused++;
      }
    }
    assert.ok(refused > 200, `only ${refused} of 2,000 were refused`);
  });
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0;; at++) {
    if (at > bytes.length) assert.fail("the file does not hold the number");
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
}
