import { dirname, join } from "node:path";
import { encodeJpeg, encodePng } from "../../data/codecs.ts";

/** Files of a folder by path; null takes one away. */
export type Files = Readonly<Record<string, string | Uint8Array | null>>;

const picture = { width: 24, height: 20, data: new Uint8Array(3 * 24 * 20).fill(128) };
const mask = { width: 24, height: 20, data: new Uint8Array(3 * 24 * 20).fill(255) };

/** Writes files, and the folders they need. */
export async function write(root: string, files: Files): Promise<void> {
  for (const [name, contents] of Object.entries(files)) {
    const path = join(root, name);
    if (contents === null) {
      await Deno.remove(path, { recursive: true });
      continue;
    }
    await Deno.mkdir(dirname(path), { recursive: true });
    const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    await Deno.writeFile(path, bytes);
  }
}

/** A folder, removed after `body`. */
export async function withFolder(files: Files, body: (root: string) => Promise<void>) {
  const root = await Deno.makeTempDir();
  try {
    await write(root, files);
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** The lists of a split: picture → class and lines of localization.txt. */
export function lists(
  folder: string,
  pictures: Readonly<Record<string, readonly [label: number, ...places: string[]]>>,
): Record<string, string> {
  const ids = Object.keys(pictures);
  const withBoxes = Object.values(pictures).some(([, place]) => place?.split(",").length === 4);
  return {
    // No newline at the end, as in some of the benchmark's files.
    [`${folder}/image_ids.txt`]: ids.join("\n"),
    [`${folder}/class_labels.txt`]: ids.map((id) => `${id},${pictures[id][0]}`).join("\n"),
    [`${folder}/image_sizes.txt`]: withBoxes ? ids.map((id) => `${id},24,20`).join("\n") : "",
    [`${folder}/localization.txt`]: ids.flatMap((id) =>
      pictures[id].slice(1).map((place) => `${id},${place}`)
    ).join("\n"),
  };
}

/** ILSVRC in small: two classes, four training, two validation and three test pictures. */
export async function ilsvrcFiles(): Promise<Record<string, string | Uint8Array>> {
  const jpeg = await encodeJpeg(picture);
  const train = {
    "train/n02084071/a.JPEG": [0],
    "train/n02084071/b.JPEG": [0],
    "train/n01503061/c.JPEG": [1],
    "train/n01503061/d.JPEG": [1],
  } as const;
  const val = { "val2/0/0.jpeg": [0, "1,2,10,12"], "val2/1/0.jpeg": [1, "0,0,23,19"] } as const;
  const test = {
    "val/ILSVRC2012_val_00000001.JPEG": [1, "1,2,10,12", "3,3,8,9"],
    "val/ILSVRC2012_val_00000002.JPEG": [0, "2,2,5,5"],
    "val/ILSVRC2012_val_00000003.JPEG": [0, "2,2,5,5"],
  } as const;
  const ids = [train, val, test].flatMap((split) => Object.keys(split));
  return {
    ...lists("metadata/ILSVRC/train", train),
    ...lists("metadata/ILSVRC/val", val),
    ...lists("metadata/ILSVRC/test", test),
    ...Object.fromEntries(ids.map((id) => [`dataset/ILSVRC/${id}`, jpeg])),
  };
}

/** OpenImages30k in small: masks, two of one picture, with one of what is to be ignored. */
export async function openImagesFiles(): Promise<Record<string, string | Uint8Array>> {
  const [jpeg, png] = [await encodeJpeg(picture), await encodePng(mask)];
  const test = {
    "test/0bt_c3/a.jpg": [
      0,
      "test/0bt_c3/a_m1.png,test/0bt_c3/a_ignore.png",
      "test/0bt_c3/a_m2.png,",
    ],
    "test/0bt9lr/b.jpg": [1, "test/0bt9lr/b_m1.png,test/0bt9lr/b_ignore.png"],
  } as const;
  const masks = ["0bt_c3/a_m1", "0bt_c3/a_m2", "0bt_c3/a_ignore", "0bt9lr/b_m1", "0bt9lr/b_ignore"];
  return {
    ...lists("metadata/OpenImages/train", {
      "train/0bt_c3/x.jpg": [0],
      "train/0bt9lr/y.jpg": [1],
    }),
    ...lists("metadata/OpenImages/test", test),
    ...Object.fromEntries(Object.keys(test).map((id) => [`dataset/OpenImages/${id}`, jpeg])),
    ...Object.fromEntries(masks.map((name) => [`dataset/OpenImages/test/${name}.png`, png])),
  };
}
