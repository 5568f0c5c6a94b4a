import assert from "node:assert/strict";

const TOKEN = /<!DOCTYPE html>|<(\/?)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|[^<]+|</g;
const ENTITY = /&(?!(?:amp|lt|gt|quot|#\d+);)/;

/**
 * Expects well-formed XML: elements closed in order, attributes quoted, no bare `<` or `&`. What
 * stands in `style` is taken as it is.
 *
 * @returns the elements with their attributes
 */
export function parseMarkup(text: string): { name: string; attributes: Map<string, string> }[] {
  assert.ok(text.isWellFormed(), "no half of a surrogate pair");
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x08\x0b\x0c\x0e-\x1f]/, "no character that XML cannot hold");
  const open: string[] = [];
  const elements: { name: string; attributes: Map<string, string> }[] = [];
  for (const [token, slash, name, list = "", selfClosing] of text.matchAll(TOKEN)) {
    assert.notEqual(token, "<", `something is wrong after ${elements.at(-1)?.name}`);
    if (open.at(-1) !== "style") assert.doesNotMatch(token, ENTITY);
    if (name === undefined) assert.doesNotMatch(token, /\]\]>/, "]]> ends what XML never began");
    if (name === undefined) continue;
    if (slash) {
      assert.equal(open.pop(), name, "closed in the order they were opened");
      continue;
    }
    const attributes = new Map<string, string>();
    for (const [, key, value] of list.matchAll(/([\w:-]+)="([^"]*)"/g)) {
      assert.ok(!attributes.has(key), `${key} twice`);
      attributes.set(key, value);
    }
    elements.push({ name, attributes });
    if (!selfClosing) open.push(name);
  }
  assert.deepEqual(open, [], "everything is closed");
  return elements;
}

/** Expects a document that loads nothing from anywhere. */
export function expectSelfContained(text: string): void {
  assert.doesNotMatch(text, /url\(|@import|<script|<link|<iframe/i);
  for (const { attributes } of parseMarkup(text)) {
    for (const key of ["src", "href", "srcset", "data", "xlink:href"]) {
      assert.match(attributes.get(key) ?? "data:", /^data:/);
    }
    assert.ok(![...attributes.keys()].some((key) => key.startsWith("on")));
  }
}
