import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { bytesSource } from "../../weights/byte_source.ts";
import { readFloat32 } from "../../weights/host_tensor.ts";
import { readStateFile } from "../../weights/state_file.ts";
import {
  archive,
  bytes,
  call,
  FOUR,
  global,
  laughs,
  pickle,
  short,
  storage,
  tensor,
  tensorCall,
  zipped,
} from "./pickles.ts";

const folder = fileURLToPath(new URL("../goldens/torch/", import.meta.url));
const read = async (bytes: Uint8Array) => {
  const { tensors } = await readStateFile(bytesSource(bytes, "dir/file.pth"));
  for (const tensor of tensors.values()) await readFloat32(tensor);
  return tensors;
};

const FOUR_FLOATS = tensorCall(storage(FOUR), [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85]);
/** 100,000 floats of storage 0. */
const WIDE = tensorCall(
  storage([0x4a, 0xa0, 0x86, 1, 0]),
  [0x4b, 0],
  [0x4a, 0xa0, 0x86, 1, 0, 0x85],
  [0x4b, 1, 0x85],
);
const UNKNOWN_TENSOR = bytes(global("torch._utils", "_rebuild_tensor_v9"), 0x29, 0x52);

const HOSTILE: [name: string, bytes: Uint8Array<ArrayBuffer>, message: RegExp][] = [
  ["os.system", call("os", "system", "touch /tmp/owned"), /wants to call os\.system/],
  ["posix.system", call("posix", "system", "id"), /wants to call posix\.system/],
  ["eval", call("builtins", "eval", "1"), /wants to call builtins\.eval/],
  ["getattr", call("builtins", "getattr", "x"), /made by builtins\.getattr, which is not run/],
  [
    "an attribute of torch",
    call("torch", "hub.load", "x"),
    /made by torch\.hub\.load, which is not run/,
  ],
  [
    "a method of this program's maps",
    call("constructor", "constructor", "x"),
    /made by constructor\.constructor/,
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
  ["a name that is nested", pickle(0x7d, laughs(), FOUR_FLOATS, 0x73), /holds no tensors by name/],
  [
    "a name that is nested beside a sound one",
    pickle(0x7d, short("w"), FOUR_FLOATS, 0x73, laughs(), FOUR_FLOATS, 0x73),
    /the name of a tensor is a list of 2, expected a text/,
  ],
  [
    "a name that is a number",
    pickle(0x7d, short("w"), FOUR_FLOATS, 0x73, [0x4b, 7], FOUR_FLOATS, 0x73),
    /the name of a tensor is 7, expected a text/,
  ],
  [
    "a device that is nested",
    pickle(global("torch", "device"), laughs(), 0x85, 0x52),
    /made by torch\.device, which is not run/,
  ],
  [
    "a type of storage that is nested",
    pickle(0x28, short("storage"), laughs(), short("0"), short("cpu"), FOUR, 0x74, 0x51),
    /a list of 2 is not a type of storage/,
  ],
  ["a key that is nested", tensor(storage(FOUR, laughs())), /id is not that of a storage/],
  ["a length that is nested", tensor(storage(laughs())), /id is not that of a storage/],
  ["an id that is nested", pickle(laughs(), 0x51), /id is not that of a storage/],
  ["an offset that is nested", tensor(storage(FOUR), laughs(), 0x29, 0x29), /offset a list of 2/],
  [
    "extents that are nested",
    tensor(storage(FOUR), [0x4b, 0], laughs(), 0x29),
    /not a list of ext/,
  ],
  ["a callee that is nested", pickle(laughs(), 0x29, 0x52), /not a function: a list of 2/],
  ["a state that is nested", pickle(0x5d, laughs(), 0x62), /the state of a list of 0 to a list/],
  ["a module that is nested", pickle(laughs(), short("x"), 0x93), /a name is not a string/],
  ["a whole that is nested", pickle(laughs()), /it is a list of 2/],
  [
    "a storage as two types",
    pickle(
      ...[0x28, FOUR_FLOATS, 0x28, short("storage"), global("torch", "IntStorage"), short("0")],
      ...[short("cpu"), FOUR, 0x74, 0x51, 0x74],
    ),
    /4 elements of F32 in one place and 4 of I32 in another/,
  ],
  [
    "a tensor of an unknown call",
    pickle(0x7d, short("w"), FOUR_FLOATS, 0x73, short("v"), UNKNOWN_TENSOR, 0x73),
    /"v" is made by torch\._utils\._rebuild_tensor_v9, which is not run here; expected a plain/,
  ],
  [
    "tensors of an unknown call only",
    pickle(0x7d, short("state_dict"), 0x7d, short("v"), UNKNOWN_TENSOR, 0x73, 0x73),
    /whose "state_dict" is a dictionary of 1, whose "v" is an object made by torch\._utils\._reb/,
  ],
  [
    "os.system beside sound tensors",
    pickle(
      ...[0x7d, short("w"), FOUR_FLOATS, 0x73, short("x"), global("os", "system"), short("id")],
      ...[0x85, 0x52, 0x73],
    ),
    /wants to call os\.system.* may be an attack/,
  ],
  [
    "a tensor that is the negative of its storage",
    tensor(
      ...[storage(FOUR), [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85], 0x89, 0x7d],
      ...[0x7d, short("neg"), 0x88, 0x73],
    ),
    /a tensor is the negative of what is stored/,
  ],
  [
    "a dictionary that holds itself",
    pickle(0x7d, [0x71, 0], short("model"), [0x68, 0], 0x73),
    /a dic/,
  ],
];

for (const [name, bytes, message] of HOSTILE) {
  Deno.test(`a pickle with ${name} is refused in one sentence`, async () => {
    await assert.rejects(read(await zipped(bytes)), (error: Error) => {
      assert.equal(error.name, "UserError", String(error.stack));
      assert.match(error.message, /^dir\/file\.pth:? /);
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      assert.ok(error.message.length < 500, "a sentence, not the file");
      return true;
    });
  });
}

/** A legacy file: four pickles before the list of keys. */
function legacy(object: Uint8Array, keys: Uint8Array): Uint8Array {
  const magic = pickle(0x8a, 10, [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]);
  const protocol = pickle(0x4d, [0xe9, 3]);
  return Uint8Array.from([...magic, ...protocol, ...pickle(0x7d), ...object, ...keys]);
}

/** A tar as PyTorch 0.1 wrote it. */
function tar(members: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const blocks = Object.entries(members).flatMap(([name, contents]) => {
    const block = new Uint8Array(512 * (1 + Math.ceil(contents.length / 512)));
    const put = (at: number, value: string) => block.set(new TextEncoder().encode(value), at);
    put(0, name);
    put(124, contents.length.toString(8).padStart(11, "0"));
    put(257, "ustar\x0000");
    block.set(contents, 512);
    return [...block];
  });
  return Uint8Array.from([...blocks, ...new Uint8Array(1024)]);
}

const ONE = pickle([0x4b, 1]);
const NONE = [...pickle([0x4b, 0]), ...pickle(0x5d)];
const head = (...parts: (readonly number[])[]) =>
  pickle(0x28, ...parts, bytes(global("torch", "FloatStorage")), 0x74);

const CONTAINERS: [name: string, bytes: Uint8Array, message: RegExp][] = [
  [
    "legacy: a key in the list that is nested",
    legacy(
      tensor(storage(FOUR), [0x4b, 0], [0x4b, 4, 0x85], [0x4b, 1, 0x85]),
      pickle(laughs(), 0x85),
    ),
    /a key is a list of 2, expected a text or a number/,
  ],
  [
    "legacy: a whole module, whose class brings its program",
    legacy(
      pickle(
        ...[
          0x28,
          short("module"),
          global("my.nets", "Net"),
          short("net.py"),
          short("class Net: 0"),
        ],
        ...[0x74, 0x51, 0x29, 0x81, 0x7d, 0x62],
      ),
      pickle(0x5d),
    ),
    /made by my\.nets\.Net, which is not run here: save its state_dict\(\) instead/,
  ],
  [
    "legacy: a view that is nested",
    legacy(
      pickle(
        ...[
          0x28,
          short("storage"),
          global("torch", "FloatStorage"),
          short("0"),
          short("cpu"),
          FOUR,
        ],
        ...[0x28, short("v"), laughs(), [0x4b, 1], 0x74, 0x74, 0x51],
      ),
      pickle(0x5d),
    ),
    /a view of a storage has offset a list of 2 and length 1/,
  ],
  [
    "tar: a number of storages that is nested",
    tar({ storages: [...pickle(laughs())], tensors: NONE, pickle: [...pickle(0x7d)] }),
    /number of storages is a list of 2/,
  ],
  [
    "tar: a number of storages without end",
    tar({ storages: [...pickle(0x4a, [0, 0, 0, 0x7f])], tensors: NONE, pickle: [] }),
    /number of storages is 2130706432/,
  ],
  [
    "tar: a storage's key that is nested",
    tar({
      storages: [...ONE, ...head(laughs(), short("cpu")), ...new Uint8Array(8)],
      tensors: NONE,
      pickle: [],
    }),
    /a key is a list of 2/,
  ],
  [
    "tar: a tensor's storage that is nested",
    tar({ storages: NONE, tensors: [...ONE, ...head([0x4b, 1], laughs())], pickle: [] }),
    /a key is a list of 2/,
  ],
  [
    "tar: an id that is nested",
    tar({ storages: NONE, tensors: NONE, pickle: [...pickle(laughs(), 0x51)] }),
    /a key is a list of 2/,
  ],
  [
    "tar: other files",
    tar({ "a/weights.pth": [1] }),
    /if it is a tar of other files, a\/weights\.pth s/,
  ],
];
for (const [name, bytes, message] of CONTAINERS) {
  Deno.test(`${name} is refused in one sentence`, async () => {
    await assert.rejects(read(bytes), (error: Error) => {
      assert.equal(error.name, "UserError", String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  });
}

/** Ten million values, of which a file of some kB makes each by one or two bytes. */
const ENDLESS: [name: string, bytes: () => Uint8Array<ArrayBuffer>][] = [
  ["recalls one list for ever", () => repeated(pickle(0x5d, [0x71, 0]), [0x68, 0])],
  ["appends to a list what it recalls", () => {
    return repeated(pickle(0x5d, [0x71, 0]), [0x68, 0, 0x61]);
  }],
  ["copies a long list of pairs again and again", () => {
    // A list of 100,000 pairs, made into a dictionary 100 times.
    const pairs = [0x28, ...Array(100_000).fill([0x4e, 0x4e, 0x86]).flat(), 0x6c, 0x71, 0];
    const ordered = bytes(global("collections", "OrderedDict"), [0x68, 0, 0x85, 0x52, 0x30]);
    return Uint8Array.from([0x80, 2, ...pairs, ...Array(100).fill(ordered).flat(), 0x2e]);
  }],
];

/** A pickle that goes on with ten million instructions. */
function repeated(start: Uint8Array, instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = 10_000_000;
  const out = new Uint8Array(start.length - 1 + count * instructions.length + 1);
  out.set(start);
  for (let at = start.length - 1, i = 0; i < count; i++) {
    for (const byte of instructions) out[at++] = byte;
  }
  out[out.length - 1] = 0x2e;
  return out;
}

for (const [name, bytes] of ENDLESS) {
  Deno.test(`a pickle that ${name} is refused`, async () => {
    await assert.rejects(read(await zipped(bytes())), /it holds more than 5000000 values/);
  });
}

Deno.test("a short file whose tensors all share one storage is refused", async () => {
  const names = Array.from({ length: 200 }, (_, i) => [...short(`t${i}`), ...WIDE]).flat();
  const data = pickle(0x7d, 0x28, names, 0x75);
  const bytes = await archive(data, { 0: new Uint8Array(400_000) });
  await assert.rejects(read(bytes), (error: Error) => {
    assert.equal(error.name, "UserError");
    assert.match(
      error.message,
      /its 200 tensors share their storages so that they have 80000000 b/,
    );
    return true;
  });
});

Deno.test("a name of a class as long as the file is refused", async () => {
  const name = [0x58, 0, 0, 1, 0, ...Array(65_536).fill(0x61)];
  const bytes = await zipped(pickle(name, short("b"), 0x93));
  await assert.rejects(read(bytes), /a name is too long/);
});

Deno.test("a million nested lists are no problem, nor is a list of lists that doubles", async () => {
  const deep = new Uint8Array(2_000_000).fill(0x5d, 0, 1_000_000).fill(0x61, 1_000_000);
  const nested = Uint8Array.from([0x80, 2, ...deep.subarray(0, 1_999_999), 0x2e]);
  await assert.rejects(read(await zipped(nested)), /holds no tensors by name/);
  // l = []; thirty times: l = [l, l]
  const doubling = Array(30).fill([0x71, 0, 0x68, 0, 0x86]).flat();
  await assert.rejects(read(await zipped(pickle(0x5d, doubling))), /holds no tensors by name/);
});

Deno.test("a bit flipped in a tensor of a zip is found by its checksum", async () => {
  const bytes = await Deno.readFile(folder + "zip.pth");
  const at = indexOf(bytes, new Uint8Array(Float32Array.of(-1).buffer));
  bytes[at + 1] ^= 1;
  await assert.rejects(read(bytes), /does not have the checksum/);
});

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = 0;; at++) {
    if (at > bytes.length) assert.fail("the file does not hold the number");
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
}
