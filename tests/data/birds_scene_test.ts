import assert from "node:assert/strict";
import { type BirdsOptions, generateBirds } from "../../data/birds/generate.ts";
import { PARTS, type Species } from "../../data/birds/parts.ts";
import { drawPicture } from "../../data/birds/picture.ts";
import { readDrawing } from "../../data/birds/record.ts";
import { type Interventions, Scene } from "../../data/birds/scene.ts";
import { designSpecies } from "../../data/birds/species.ts";
import { encodeJpegRgba } from "../../data/codecs.ts";

const [first, , , , fifth] = designSpecies(12);

/** The last two look back and fly. */
const PICTURES = [0, 1, 2, 8];

const sceneOf = (pictureIndex: number, { appearance }: Species = first) =>
  Scene.of({
    appearance,
    seed: 0,
    classIndex: 0,
    pictureIndex,
    size: 96,
    backgroundCorrelation: 0,
    dropParts: 0,
  });

/** Pixels of which an intervention changes a channel by at least so much, 1 or 0 each. */
function changes(scene: Scene, interventions: Interventions, least = 1): Uint8Array {
  const [a, b] = [scene.render().data, scene.render(interventions).data];
  return Uint8Array.from(
    { length: a.length / 4 },
    (_, i) => [0, 1, 2].some((c) => Math.abs(a[4 * i + c] - b[4 * i + c]) >= least) ? 1 : 0,
  );
}

const count = (pixels: ArrayLike<number>) => Array.from(pixels).reduce((a, b) => a + b, 0);

/** Changed pixels from which one that shows the part is further than 2: thin tips fade away. */
function outside(changed: Uint8Array, shows: (pixel: number) => boolean, width: number): number {
  const steps = [-2, -1, 0, 1, 2];
  return count(changed.map((value, i) => {
    const near = () => steps.some((dy) => steps.some((dx) => shows(i + dy * width + dx)));
    return value === 1 && !near() ? 1 : 0;
  }));
}

Deno.test("scenes: what is left out changes its own pixels, up to their antialiased edge", async () => {
  const seen = new Set<number>();
  for (const n of PICTURES) {
    const scene = await sceneOf(n);
    const map = scene.partMap();
    for (const [i, part] of PARTS.entries()) {
      const changed = changes(scene, { without: [part] }, 16);
      // Thighs have the belly's colour.
      const own = (pixel: number) =>
        map[pixel] === i + 1 || (part === "belly" && map[pixel] === PARTS.indexOf("leg") + 1);
      // The ground below all feathers has the belly's colour: where two areas meet it shines through.
      const stray = outside(changed, own, scene.width);
      assert.ok(stray <= (part === "belly" ? 3 : 0), `picture ${n} without ${part}: ${stray}`);
      const area = count(map.map((value) => value === i + 1 ? 1 : 0));
      const hit = count(
        changes(scene, { without: [part] }).map((value, p) => map[p] === i + 1 ? value : 0),
      );
      assert.ok(hit >= 0.97 * area, `picture ${n}, ${part}: ${hit} of ${area} pixels change`);
      if (area > 20) seen.add(i);
    }
    const { silhouette } = scene.render();
    const bird = count(silhouette.map((value) => value >= 128 ? 1 : 0));
    const labelled = count(map.map((value) => value > 0 ? 1 : 0));
    assert.ok(labelled >= 0.98 * bird && labelled <= bird, `${labelled} of ${bird} pixels`);
  }
  assert.equal(seen.size, PARTS.length);
});

Deno.test("scenes: another species' part changes that part alone", async () => {
  const scene = await sceneOf(0);
  const map = scene.partMap();
  for (const [i, part] of PARTS.entries()) {
    const looks = { [part]: fifth.appearance[part] };
    const other = await sceneOf(0, { ...first, appearance: { ...first.appearance, ...looks } });
    const swapped = scene.render({ looks });
    assert.deepEqual(swapped.data, other.render().data);
    const theirs = other.partMap();
    const own = (pixel: number) => [map[pixel], theirs[pixel]].includes(i + 1);
    const changed = changes(scene, { looks }, 16);
    assert.ok(count(changed) > 20);
    if (part !== "belly") assert.equal(outside(changed, own, scene.width), 0, part);
  }
});

Deno.test("scenes: objects of the background go one by one, the bird stays", async () => {
  for (const n of [0, 1, 2]) {
    const scene = await sceneOf(n);
    const all = Array.from({ length: scene.objects }, (_, object) => object);
    assert.ok(all.length >= 2);
    const empty = scene.render({ hidden: all });
    const { silhouette, data } = scene.render();
    // What stood in front of the bird is gone, too.
    assert.ok(empty.silhouette.every((value, i) => value >= silhouette[i]));
    const onBird = silhouette.map((value) => value === 255 ? 1 : 0);
    let changed = new Uint8Array(onBird.length);
    for (const object of all) {
      const own = changes(scene, { hidden: [object] });
      assert.equal(count(own.map((value, i) => value & onBird[i])), 0, `object ${object}`);
      changed = changed.map((value, i) => value | own[i]);
    }
    // Beyond rounding: two that hardly show do so together.
    const together = changes(scene, { hidden: all }, 4);
    assert.ok(together.every((value, i) => value <= changed[i]), "nothing else was there");
    assert.deepEqual(scene.render().data, data, "drawing leaves no trace in the scene");
  }
});

Deno.test("a folder of birds says how each of its pictures was drawn", async () => {
  const root = await Deno.makeTempDir();
  try {
    const data = `${root}/birds`;
    const options: BirdsOptions = {
      ...{ classes: 2, trainPerClass: 3, testPerClass: 2, size: 48, seed: 5 },
      ...{ backgroundCorrelation: 0.5, dropParts: 1, workers: 1 },
    };
    await generateBirds(data, options);
    const { species, requests } = await readDrawing(data);
    assert.equal(species.length, 2);
    assert.equal(requests.size, 10);
    const split = (await Deno.readTextFile(`${data}/train_test_split.txt`)).trim().split("\n");
    for (const [i, [id, request]] of [...requests].entries()) {
      const file = await Deno.readFile(`${data}/images/${id}`);
      assert.deepEqual((await drawPicture(request)).jpeg, file);
      assert.deepEqual(await encodeJpegRgba((await Scene.of(request)).render()), file);
      // Training pictures lack parts, test pictures are whole.
      assert.equal(request.dropParts, Number(split[i].split(" ")[1]));
    }

    const record = await Deno.readTextFile(`${data}/birds.json`);
    const refused = /birds\.json is not a record of version 1 of the birds: .*\.\/calm data birds/;
    for (const text of ["{", "null", record.replace('"version": 1', '"version": 0'), "[1]"]) {
      await Deno.writeTextFile(`${data}/birds.json`, text);
      await assert.rejects(readDrawing(data), { name: "UserError", message: refused });
    }
    await Deno.remove(`${data}/birds.json`);
    await assert.rejects(readDrawing(data), {
      name: "UserError",
      message: /has no birds\.json, which says how its pictures were drawn: \.\/calm data birds/,
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
