import assert from "node:assert/strict";
import { expectSameClasses } from "../../data/class_names.ts";
import { UserError } from "../../engine/errors.ts";

const model = { path: "m.safetensors", classes: 3, classNames: ["wren", "tit", "owl, small"] };
const root = "birds";

Deno.test("a model is measured on its own classes in their own order only", () => {
  expectSameClasses(model, { root, classes: ["wren", "tit", "owl, small"] });
  const expect = (classes: string[], message: RegExp) =>
    assert.throws(() => expectSameClasses(model, { root, classes }), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      return true;
    });
  expect(
    ["tit", "wren", "owl, small"],
    /^m\.safetensors .* class 0 is "wren" there and "tit" here \(2 of 3 differ\)$/,
  );
  expect(["wren", "tit"], /^m\.safetensors knows 3 classes, but birds has 2$/);
  // Joined by commas these would be the same.
  const joined = { ...model, classNames: ["wren", "tit,owl", "x"] };
  assert.throws(() => expectSameClasses(joined, { root, classes: ["wren,tit", "owl", "x"] }));
});

Deno.test("what has no names cannot be compared: files of other programs, lists without folders", () => {
  expectSameClasses({ ...model, classNames: null }, { root, classes: ["x", "y", "z"] });
  expectSameClasses(model, { root, classes: ["class 0", "class 1", "class 2"] });
});
