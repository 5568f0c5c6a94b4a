import assert from "node:assert/strict";
import { DEFAULT_LOOK } from "../../eval/present/pictures/look.ts";
import { formatLink, type Link, parseLink } from "../../viewer/page/link.ts";

const PICTURES = ["robin.jpg", "marsh-wren.jpg"];

Deno.test("a link keeps what it is made of, and what is usual is left out of it", () => {
  const full: Link = {
    picture: "marsh-wren.jpg",
    kind: "counterfactual",
    label: 3,
    against: 11,
    superset: [3, 5],
    beside: "smooth-grad",
    look: { scale: "own", top: 1.5e-7, colours: "viridis", opacity: 0.25 },
  };
  const looks: Link["look"][] = [
    full.look,
    DEFAULT_LOOK,
    { ...DEFAULT_LOOK, scale: "shared" },
    { ...DEFAULT_LOOK, colours: "turbo", opacity: 0.5 },
    { ...DEFAULT_LOOK, colours: "turbo", opacity: null },
    { ...DEFAULT_LOOK, opacity: 0 },
  ];
  for (const look of looks) {
    assert.deepEqual(parseLink(`#${formatLink({ ...full, look })}`, PICTURES), { ...full, look });
  }
  assert.deepEqual(parseLink(formatLink({ superset: [], look: DEFAULT_LOOK }), []).superset, []);
  assert.equal(
    formatLink({ picture: "robin.jpg", kind: "joint", label: 0, look: DEFAULT_LOOK }),
    "picture=robin&map=joint&class=0",
  );
});

Deno.test("what is wrong in a link is left out, and the rest is heeded", () => {
  const nothing = parseLink("", PICTURES);
  assert.deepEqual(Object.values(nothing).filter((value) => value !== undefined), [DEFAULT_LOOK]);
  for (
    const hash of [
      "#picture=../../etc/passwd&picture=robin",
      "#map=__proto__&beside=constructor&colours=toString&scale=valueOf",
      "#map=<img src=x onerror=alert(1)>",
      "#class=-1&against=1e3&classes=1.x&max=-5&opacity=2",
      "#class=&against= 3&classes=1,2&max=0&opacity=NaN",
      "#max=Infinity&class=0x10&opacity=1e999",
      "#max=1e400",
      "#%E0%A4%A&&&=&===",
      `#class=${"9".repeat(5000)}`,
      `#${"map=joint&".repeat(1000)}`,
    ]
  ) {
    assert.deepEqual(parseLink(hash, PICTURES), nothing, hash);
  }
  assert.deepEqual(parseLink("#map=nothing&class=4&opacity=7&picture=robin", PICTURES), {
    ...nothing,
    picture: "robin.jpg",
    label: 4,
  });
});
