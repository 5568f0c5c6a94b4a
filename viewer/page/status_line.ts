/// <reference lib="dom" />
import { byId } from "./dom.ts";

/** What the page is at, and what it did last. */
export class StatusLine {
  #text = byId("status", HTMLElement);
  #progress = byId("progress", HTMLProgressElement);
  #last = "";
  #work: string[] = [];

  /** Says what is true while nothing is done. */
  say(text: string): void {
    this.#last = text;
    this.#show();
  }

  /**
   * Says what is being done until it is, however it ends.
   *
   * @param work is handed a function that shows which share of it is done
   */
  async during<T>(text: string, work: (share: (share: number) => void) => Promise<T>): Promise<T> {
    this.#work.push(text);
    this.#show();
    try {
      return await work((share) => {
        this.#progress.hidden = false;
        this.#progress.value = share;
      });
    } finally {
      this.#work.splice(this.#work.lastIndexOf(text), 1);
      this.#progress.hidden = true;
      this.#show();
    }
  }

  #show(): void {
    const text = this.#work.at(-1) ?? this.#last;
    // Writing the same again would be read aloud again.
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }
}
