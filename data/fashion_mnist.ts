import { join } from "node:path";
import { UserError } from "../engine/errors.ts";
import type { Dataset, Split } from "./dataset.ts";
import { exists, readFile } from "./files.ts";

/** Where Debian's package `dataset-fashion-mnist` puts the files. */
export const FASHION_MNIST_FOLDER = "/usr/share/datasets/fashion-mnist";

const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/**
 * Reads Fashion-MNIST (Xiao et al., 2017): 60,000 training and 10,000 test pictures of 28×28 grey
 * levels, from its four idx files, gzipped or not.
 *
 * @throws {UserError} when a file is missing, damaged, or disagrees with its partner
 */
export async function loadFashionMnist(root = FASHION_MNIST_FOLDER): Promise<Dataset> {
  const [train, test] = await Promise.all([
    loadSplit(root, "train", "train"),
    loadSplit(root, "test", "t10k"),
  ]);
  return { name: "fashion-mnist", root, classes: CLASSES, train, test };
}

async function loadSplit(root: string, name: Split["name"], prefix: string): Promise<Split> {
  const images = await readIdx(root, `${prefix}-images-idx3-ubyte`, 3);
  const labels = await readIdx(root, `${prefix}-labels-idx1-ubyte`, 1);
  const [count, height, width] = images.shape;
  if (labels.shape[0] !== count) {
    throw new UserError(
      `${labels.path} has ${labels.shape[0]} labels, but ${images.path} has ${count} pictures`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= CLASSES.length);
  if (wrong >= 0) {
    throw new UserError(
      `${labels.path}: label ${wrong} is ${labels.data[wrong]}, expected 0 to ${
        CLASSES.length - 1
      }`,
    );
  }
  return {
    name,
    ids: Array.from({ length: count }, (_, i) => `${prefix}/${i}`),
    labels: Uint32Array.from(labels.data),
    source: { kind: "memory", pixels: images.data, width, height, channels: 1 },
  };
}

/** Reads one idx file: magic 0, 0, 8 (bytes), rank; extents as big-endian u32; then the data. */
async function readIdx(root: string, name: string, rank: number) {
  const { path, bytes } = await readMaybeGzipped(root, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = 0x800 + rank;
  if (bytes.length < 4 + 4 * rank || view.getUint32(0) !== magic) {
    throw new UserError(
      `${path} is not an idx file of bytes in ${rank} dimensions: it begins with ` +
        `0x${bytes.subarray(0, 4).toHex()} (${bytes.length} bytes in all), ` +
        `expected 0x${magic.toString(16).padStart(8, "0")}`,
    );
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const data = bytes.subarray(4 + 4 * rank);
  const expected = shape.reduce((a, b) => a * b, 1);
  if (data.length !== expected) {
    throw new UserError(`${path} holds ${data.length} bytes of data, its header says ${expected}`);
  }
  return { path, shape, data };
}

async function readMaybeGzipped(root: string, name: string) {
  const zipped = join(root, `${name}.gz`);
  if (!await exists(zipped)) {
    const path = join(root, name);
    if (await exists(path)) return { path, bytes: await readFile(path) };
    throw new UserError(
      `${zipped} is missing: install Debian's package with "apt-get install ` +
        `dataset-fashion-mnist", or name the folder of the four idx files`,
      { settings: ["data"] },
    );
  }
  const file = await readFile(zipped);
  try {
    const stream = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
    return { path: zipped, bytes: new Uint8Array(await new Response(stream).arrayBuffer()) };
  } catch (error) {
    throw new UserError(`${zipped} is damaged: ${(error as Error).message}`, { cause: error });
  }
}
