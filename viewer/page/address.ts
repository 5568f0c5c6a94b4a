/// <reference lib="dom" />
import { formatLink, type Link, parseLink } from "./link.ts";

/** What an entry of the browser's history holds beside its link: which files were open. */
export interface Held {
  /** See `Named.serial`. */
  readonly picture: number;
  readonly model: number;
}

/** What the page's own files would be. */
const OWN: Held = { picture: 0, model: 0 };

/** Keeps what is shown in the page's address, so that it can be passed on and gone back to. */
export class Address {
  #pictures: readonly string[];
  /** The next change belongs to the entry that is there. */
  #stays = true;
  #isVisiting = false;
  #last: Link | null = null;

  /** @param pictures the samples' file names */
  constructor(pictures: readonly string[]) {
    this.#pictures = pictures;
  }

  /**
   * Follows the user back and forward, and to links that are typed.
   *
   * @param visit shows what the address says
   * @param write is called when that is shown, to write what came of it
   */
  listen(visit: () => Promise<void>, write: () => void): void {
    addEventListener("popstate", async () => {
      // What is shown on the way belongs to no entry.
      this.#isVisiting = true;
      await visit();
      this.#isVisiting = false;
      this.#stays = true;
      write();
    });
  }

  /** What the address says, and the files that were open then. */
  get here(): { readonly link: Link; readonly held: Held } {
    return { link: parseLink(location.hash, this.#pictures), held: heldIn(history.state) };
  }

  /** Writes what is shown: a new entry, where it is more than another look of the same. */
  write(link: Link, held: Held): void {
    if (this.#isVisiting) return;
    const hash = `#${formatLink(link)}`;
    const before = heldIn(history.state);
    const isSameFile = before.picture === held.picture && before.model === held.model;
    const isSameMap = this.#last !== null && withoutLook(this.#last) === withoutLook(link);
    const stays = this.#stays || (isSameFile && isSameMap);
    this.#stays = false;
    this.#last = link;
    if (hash === location.hash && isSameFile && history.state !== null) return;
    if (stays) history.replaceState(held, "", hash);
    else history.pushState(held, "", hash);
  }
}

function withoutLook(link: Link): string {
  return JSON.stringify({ ...link, look: null });
}

/** Other pages and older versions may have written the state. */
function heldIn(state: unknown): Held {
  const { picture, model } = (state ?? OWN) as Partial<Held>;
  const isNumber = typeof picture === "number" && typeof model === "number";
  return isNumber ? { picture, model } : OWN;
}
