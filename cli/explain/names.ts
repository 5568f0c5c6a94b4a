import { basename, extname } from "node:path";
import { ATTRIBUTION_KINDS, type AttributionKind } from "../../eval/maps/kinds.ts";

/** A picture file and what its outputs are called. */
export interface PictureFile {
  readonly path: string;
  /** `NAME.png` and `NAME.svg` are the figure, `NAME-MAP-CLASS.png` and `.npy` the maps. */
  readonly name: string;
}

/** Names that a file system may take for the same: of other case, or of other composition. */
export function nameKey(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The ways to read a name as that of a map, `STEM-KIND-LABEL`: what ends in grad-cam ends in cam. */
export function asMapName(
  name: string,
  kinds: readonly AttributionKind[] = ATTRIBUTION_KINDS,
): { readonly stem: string; readonly kind: AttributionKind; readonly label: number }[] {
  const [, front = "", label] = /^(.+)-(\d+)$/s.exec(name) ?? [];
  return kinds.filter((kind) => front.toLowerCase().endsWith(`-${kind}`))
    .map((kind) => ({ stem: front.slice(0, -kind.length - 1), kind, label: Number(label) }));
}

/**
 * Names of the outputs of pictures: the pictures' own without their endings. Where that would be
 * the name of an output of another picture (`a.jpg` and `a.png`, `A.jpg`, or `a-joint-3.jpg`), the
 * shorter one keeps it, of equal ones the first, and the others get the next free number, from 2 on.
 */
export function nameOutputs(paths: readonly string[]): PictureFile[] {
  const taken = new Set<string>();
  /** Names of pictures of which a name that is taken could be a map. */
  const stemsOfTaken = new Set<string>();
  const take = (name: string): boolean => {
    const key = nameKey(name);
    const stems = asMapName(key).map(({ stem }) => stem);
    if (taken.has(key) || stemsOfTaken.has(key) || stems.some((stem) => taken.has(stem))) {
      return false;
    }
    taken.add(key);
    for (const stem of stems) stemsOfTaken.add(stem);
    return true;
  };
  const own = paths.map((path) => basename(path, extname(path)));
  const names = new Map<number, string>();
  for (const i of [...own.keys()].sort((a, b) => own[a].length - own[b].length || a - b)) {
    if (take(own[i])) names.set(i, own[i]);
  }
  return paths.map((path, i) => {
    let name = names.get(i);
    for (let number = 2; name === undefined; number++) {
      const numbered = `${own[i]}-${number}`;
      if (take(numbered)) name = numbered;
    }
    return { path, name };
  });
}
