import { encodeJpeg } from "../../data/codecs.ts";
import { Random } from "../../engine/random.ts";

/** A folder in CUB's layout with eight small pictures, removed after `body`. */
export async function withCub(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/images/001.Wren`, { recursive: true });
    const random = Random.of(1);
    const lines = { images: "", labels: "", splits: "" };
    for (let id = 1; id <= 8; id++) {
      const path = `001.Wren/Wren_${id}.jpg`;
      const data = Uint8Array.from({ length: 20 * 24 * 3 }, () => random.int(256));
      const bytes = await encodeJpeg({ width: 24, height: 20, data });
      await Deno.writeFile(`${root}/images/${path}`, bytes);
      lines.images += `${id} ${path}\n`;
      lines.labels += `${id} ${1 + id % 2}\n`;
      lines.splits += `${id} ${id <= 6 ? 1 : 0}\n`;
    }
    await Deno.writeTextFile(`${root}/images.txt`, lines.images);
    await Deno.writeTextFile(`${root}/image_class_labels.txt`, lines.labels);
    await Deno.writeTextFile(`${root}/train_test_split.txt`, lines.splits.trimEnd());
    await Deno.writeTextFile(`${root}/classes.txt`, "1 001.Wren\r\n2 002.Finch\r\n");
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
