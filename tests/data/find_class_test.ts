import assert from "node:assert/strict";
import { findClass } from "../../data/find_class.ts";

const NAMES = [
  "001.Lesser_Brookfinch",
  "002.Northern_Mossthrush",
  "003.northern mossthrush",
  "wren",
  "Wren",
  "10",
];

Deno.test("a class is found by its index, its name, and its name as it is printed", () => {
  const find = (text: string) => findClass(text, NAMES, NAMES.length);
  assert.equal(find("0"), 0);
  assert.equal(find("5"), 5);
  assert.equal(find("10"), 5, "its own name");
  for (const text of ["001.Lesser_Brookfinch", "Lesser Brookfinch", "lesser_brookfinch"]) {
    assert.equal(find(text), 0);
  }
  assert.equal(find(" LESSER  BROOKFINCH"), 0);
  assert.equal(find("002.Northern_Mossthrush"), 1);
  assert.equal(find("wren"), 3, "exactly written");
  assert.equal(find("Wren"), 4);
});

Deno.test("what is no class, or several, is said", () => {
  const find = (text: string) => findClass(text, NAMES, NAMES.length);
  assert.equal(
    find("Northern Mossthrush"),
    "which is the name of 2 classes: 002.Northern_Mossthrush, 003.northern mossthrush",
  );
  assert.equal(find("WREN"), "which is the name of 2 classes: wren, Wren");
  assert.match(String(find("Lesser Brokfinch")), /; did you mean "Lesser Brookfinch"\?$/);
  assert.match(String(find("6")), /^expected a number from 0 to 5 or a name such as 001\.Lesser/);
  assert.match(String(find("ostrich")), /^expected a number from 0 to 5 or a name such as 001/);
  assert.equal(
    find("brookfinch"),
    "expected the whole name of a class, such as 001.Lesser_Brookfinch",
  );
  assert.match(String(find("finch")), /^expected a number from 0 to 5 or/, "no whole word");
  assert.match(String(find(" ")), /^expected a number from 0 to 5 or/);
  const wrens = Array.from({ length: 7 }, (_, label) => `00${label + 1}.Wren_${label}_Wren`);
  assert.match(
    String(findClass("Wren", wrens, 7)),
    /^expected the whole name of a class, such as 001\.Wren_0_Wren, 0.*005\.Wren_4_Wren, …$/,
  );
  assert.equal(findClass("wren", null, 3), "expected a number from 0 to 2");
  assert.equal(findClass("2", null, 3), 2);
});

Deno.test("the number of a name, written with its zeros, is not an index", () => {
  const find = (text: string) => findClass(text, NAMES, NAMES.length);
  assert.equal(find("002"), 1, "002.Northern_Mossthrush");
  assert.equal(find("2"), 2, "an index");
  assert.equal(findClass("002", null, 3), 2, "no names have numbers");
});
