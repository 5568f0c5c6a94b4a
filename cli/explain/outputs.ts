import { resolve } from "node:path";
import { UserError } from "../../engine/errors.ts";

/** What is written while pictures are explained: never over one of them, nor twice. */
export class Outputs {
  #inputs = new Map<string, string>();
  #written = new Map<string, string>();

  private constructor() {}

  /** @param pictures paths of all pictures that are to be explained */
  static async besides(pictures: readonly string[]): Promise<Outputs> {
    const outputs = new Outputs();
    for (const path of pictures) {
      const identity = await identityOf(path);
      if (identity !== null) outputs.#inputs.set(identity, path);
    }
    return outputs;
  }

  /**
   * @throws {UserError} when a path leads to one of the pictures, by whatever name, or is the place
   * of what was written for another picture
   */
  async expectFree(path: string, picture: string): Promise<void> {
    const identity = await identityOf(path);
    const input = identity === null ? undefined : this.#inputs.get(identity);
    if (input !== undefined) {
      throw new UserError(
        `${path} would be written over ${input}, a picture to explain: choose another --out`,
      );
    }
    // Some file systems do not tell capitals from small letters.
    const place = resolve(path).toLowerCase();
    const other = this.#written.get(place) ?? picture;
    if (other !== picture) {
      throw new UserError(
        `${path} would be written for ${other} and for ${picture}: rename one of them`,
      );
    }
    this.#written.set(place, picture);
  }
}

/** Tells files apart, whatever links and names lead to them; null where there is none. */
async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino === null ? (await Deno.realPath(path)).toLowerCase() : `${dev} ${ino}`;
  } catch {
    return null;
  }
}
