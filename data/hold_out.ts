import { UserError } from "../engine/errors.ts";
import { Random } from "../engine/random.ts";
import type { Dataset, PictureSource, Split } from "./dataset.ts";

/**
 * Takes some training pictures of each class away to be the `val` split: pictures with annotations
 * on which settings are chosen, and which are never trained on. They are a function of the class and
 * of its number of pictures, so that whoever chooses anything chooses it on the same ones.
 *
 * @param perClass how many pictures of each class
 * @throws {UserError} when the data set has a `val` split, or a class would be left without pictures
 */
export function holdOut(dataset: Dataset, perClass: number): Dataset {
  const { name, root, classes, train, val } = dataset;
  const refuse = (why: string): never => {
    throw new UserError(`${name} in ${root} ${why}`, { settings: ["hold-out"] });
  };
  if (val) refuse(`has ${val.ids.length} pictures to choose on: none are held out of training`);
  const ofClass = Map.groupBy(train.ids.keys(), (i) => train.labels[i]);
  const held = new Set<number>();
  for (const [label, pictures] of ofClass) {
    if (pictures.length <= perClass) {
      refuse(
        `has ${pictures.length} training pictures of ${classes[label]}: holding ${perClass} out ` +
          "leaves none",
      );
    }
    const order = Random.of(0, 0x401d, label).permutation(pictures.length);
    for (const i of order.subarray(0, perClass)) held.add(pictures[i]);
  }
  return {
    ...dataset,
    train: part(train, "train", (i) => !held.has(i)),
    val: part(train, "val", (i) => held.has(i)),
  };
}

function part(
  { ids, labels, source }: Split,
  name: Split["name"],
  wanted: (i: number) => boolean,
): Split {
  const chosen = [...ids.keys()].filter(wanted);
  return {
    name,
    ids: chosen.map((i) => ids[i]),
    labels: Uint32Array.from(chosen, (i) => labels[i]),
    source: partOf(source, chosen),
  };
}

function partOf(source: PictureSource, chosen: readonly number[]): PictureSource {
  if (source.kind === "files") return { kind: "files", paths: chosen.map((i) => source.paths[i]) };
  const size = source.width * source.height * source.channels;
  const pixels = new Uint8Array(chosen.length * size);
  for (const [to, i] of chosen.entries()) {
    pixels.set(source.pixels.subarray(i * size, (i + 1) * size), to * size);
  }
  return { ...source, pixels };
}
