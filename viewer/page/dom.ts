/// <reference lib="dom" />

/** The page's element of an id; `kind` is its class. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}`);
  return found;
}

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Shows or hides the elements of class `of-` and a name. */
export function showParts(name: string, areShown: boolean): void {
  for (const element of document.querySelectorAll<HTMLElement>(`.of-${name}`)) {
    element.hidden = !areShown;
  }
}

/** Offers a file to the user for saving. */
export function save(contents: Blob, name: string): void {
  const href = URL.createObjectURL(contents);
  make("a", { href, download: name }).click();
  // The browser reads the address a little later.
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
