import assert from "node:assert/strict";
import { generateBirds } from "../../../data/birds/generate.ts";
import { type Part, PARTS, type Species } from "../../../data/birds/parts.ts";
import { Scene } from "../../../data/birds/scene.ts";
import { designSpecies } from "../../../data/birds/species.ts";
import { loadCub } from "../../../data/cub.ts";
import { Random } from "../../../engine/random.ts";
import {
  type Importance,
  importanceOf,
  regionsOf,
} from "../../../eval/measures/funny_birds/importance.ts";
import {
  ALL_PARTS,
  type PartSet,
  rivalsOf,
  setOf,
  sharedParts,
  sufficientSets,
} from "../../../eval/measures/funny_birds/part_sets.ts";
import { probabilitiesOf } from "../../../eval/measures/erasing/erase.ts";
import { classScores } from "../../../eval/measures/funny_birds/redrawn.ts";
import {
  type Answers,
  type Explained,
  scorePicture,
  setsToLeaveOut,
  THRESHOLDS,
  winner,
} from "../../../eval/measures/funny_birds/score.ts";
import {
  mergeCounts,
  readCounts,
  resultsOf,
  saveCounts,
} from "../../../eval/measures/job/counts.ts";
import type { Job } from "../../../eval/measures/job/job.ts";
import { runJob } from "../../../eval/measures/job/run_job.ts";
import { buildModel, type ModelOptions } from "../../../model/build.ts";
import { gpuTest } from "../../gpu.ts";
import { assertClose } from "../../reference/check.ts";

const set = (...parts: Part[]) => setOf((i) => parts.includes(PARTS[i]));

/** What can be seen of a part: a solid coat's second colour cannot, nor a mark that no pattern has. */
function lookOf({ appearance }: Species, part: Part): string {
  if (part === "leg") return appearance.leg.color;
  if (part === "head") {
    const { mark, ...head } = appearance.head;
    const marked = !["plain", "capped", "crested"].includes(head.pattern);
    return Object.entries(head).sort().join() + (marked ? mark : "");
  }
  const { second, ...coat } = appearance[part];
  return Object.entries(coat).sort().join() + (coat.pattern === "solid" ? "" : second);
}
const named = (own: PartSet) => PARTS.filter((_, i) => own & 1 << i);

Deno.test("FunnyBirds: part sets that tell a species from all others, none to spare", () => {
  const species = designSpecies(12);
  for (const target of [0, 5, 11]) {
    const found = sufficientSets(sharedParts(species, target), target);
    const tells = (parts: readonly Part[]) =>
      species.every((other) =>
        other === species[target] ||
        parts.some((part) => lookOf(other, part) !== lookOf(species[target], part))
      );
    for (const own of found.map(named)) {
      assert.ok(tells(own), `${own}`);
      for (const spared of own) assert.ok(!tells(own.filter((part) => part !== spared)), `${own}`);
    }
    // Every sufficient set holds a minimal one.
    for (let own = 1; own <= ALL_PARTS; own++) {
      assert.equal(found.some((minimal) => (minimal & ~own) === 0), tells(named(own)));
    }
  }
  // The first family is a chain of one changed part each: between two others a member has both.
  const { classes, parts } = rivalsOf(sharedParts(species, 1), 1)!;
  for (const own of [0, 1]) {
    for (const part of named(parts[own])) {
      const look = (y: number) => lookOf(species[y], part);
      assert.equal(look(classes[own]), look(1));
      assert.notEqual(look(classes[1 - own]), look(1));
    }
  }
  assert.equal(
    rivalsOf([ALL_PARTS, set("head"), set("head", "leg")], 0),
    null,
    "one within the other",
  );
});

Deno.test("FunnyBirds: a map is summed up within dilated regions, negative values included", async () => {
  const [{ appearance }] = designSpecies(2);
  const scene = await Scene.of({
    ...{ appearance, seed: 0, classIndex: 0, pictureIndex: 1, size: 96 },
    ...{ backgroundCorrelation: 0, dropParts: 0 },
  });
  const regions = regionsOf(scene);
  assert.equal(regions.objects.length, scene.objects);
  const map = scene.partMap();
  for (const part of ["head", "leg"] as const) {
    const i = PARTS.indexOf(part);
    const own = new Set(regions.parts[i]);
    for (let y = 0; y < 224; y++) {
      for (let x = 0; x < 224; x++) {
        const shows = (px: number, py: number) => {
          if (px < 0 || py < 0 || px > 223 || py > 223) return false;
          const column = Math.floor((px + 0.5) / 224 * scene.width);
          const row = Math.floor((py + 0.5) / 224 * scene.height);
          return map[row * scene.width + column] === i + 1;
        };
        let near = false;
        for (let k = 0; k < 25 && !near; k++) {
          near = shows(x + k % 5 - 2, y + Math.floor(k / 5) - 2);
        }
        if (near !== own.has(y * 224 + x)) assert.fail(`${part} at ${x}, ${y}`);
      }
    }
  }
  const values = Float32Array.from({ length: 4 }, (_, i) => i - 2);
  const { parts, total } = importanceOf({ width: 2, height: 2, values }, regions);
  assertClose([total], [-0.5 * 224 ** 2], 1e-6, "sum");
  const flat = importanceOf({ width: 1, height: 1, values: Float32Array.of(-2) }, regions);
  assert.deepEqual(flat.parts, regions.parts.map(({ length }) => -2 * length));
  assert.ok(parts.some((value) => value < 0));
});

/** A model whose score of a class adds up what parts and objects are worth to it. */
function additive(
  { base, parts, objects }: {
    readonly base: readonly number[];
    readonly parts: readonly (readonly number[])[];
    readonly objects: readonly (readonly number[])[];
  },
): Answers {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const whole = base.map((own, y) => own + sum(parts[y]) + sum(objects[y]));
  return {
    without: (own) => whole.map((score, y) => score - sum(parts[y].filter((_, i) => own & 1 << i))),
    withoutObject: (object) => whole.map((score, y) => score - objects[y][object]),
  };
}

/** FunnyBirds' protocols as its paper has them, with sets of names; one number by threshold each. */
function bruteForce(
  { label, predicted, ofTrue, ofPredicted, sufficient, rivals }: Explained,
  answers: Answers,
) {
  const importanceByName = (own: Importance) =>
    new Map<string, number>([
      ...PARTS.map((part, i) => [part, own.parts[i]] as const),
      ...own.objects.map((value, i) => [`bg ${i}`, value] as const),
    ]);
  const ask = (names: Iterable<string>) =>
    Array.from(answers.without(set(...names as Iterable<Part>)));
  const predict = (names: Iterable<string>) => {
    const scores = ask(names);
    return scores.indexOf(Math.max(...scores));
  };
  const important = (own: Importance, t: number, all: readonly string[]) =>
    new Set(all.filter((name) => importanceByName(own).get(name)! > own.total * t));
  const objects = ofTrue.objects.map((_, i) => `bg ${i}`);
  const original = ask([])[label];
  const removed = (name: string) =>
    name.startsWith("bg ")
      ? answers.withoutObject(Number(name.slice(3)))[label]
      : ask([name])[label];
  const irrelevant = [...PARTS, ...objects].filter((name) =>
    Math.abs(original - removed(name)) < Math.abs(original * 0.05) || original < removed(name)
  );
  const by = (score: (t: number) => number) => THRESHOLDS.map(score);
  const parts = rivals?.parts.map(named);
  const weight = (own: Importance, names: readonly Part[]) =>
    names.reduce((sum, name) => sum + importanceByName(own).get(name)!, 0);
  let targetSensitivity = NaN;
  if (rivals && parts) {
    const [a, b] = rivals.classes;
    const [withoutA, withoutB, all] = [ask(parts[0]), ask(parts[1]), ask([])];
    const holds = withoutA[a] - all[a] < withoutB[a] - all[a] &&
      withoutB[b] - all[b] < withoutA[b] - all[b];
    const [ofA, ofB] = rivals.marked;
    if (holds) {
      targetSensitivity = (Number(weight(ofA, parts[0]) > weight(ofB, parts[0])) +
        Number(weight(ofB, parts[1]) > weight(ofA, parts[1]))) / 2;
    }
  }
  return {
    sufficiency: by((t) => {
      if (predicted !== label) return NaN;
      const found = important(ofTrue, t, PARTS);
      return Math.max(...sufficient.map((own) => {
        const names = named(own);
        return names.filter((name) => found.has(name)).length / names.length;
      }));
    }),
    preservation: by((t) => {
      const found = important(ofPredicted, t, PARTS);
      return predict(PARTS.filter((part) => !found.has(part))) === predicted ? 1 : 0;
    }),
    deletion: by((t) => predict(important(ofPredicted, t, PARTS)) === predicted ? 0 : 1),
    distractibility: by((t) => {
      const found = important(ofTrue, t, [...PARTS, ...objects]);
      return 1 - irrelevant.filter((name) => found.has(name)).length / irrelevant.length;
    }),
    objects: [objects.filter((name) => !irrelevant.includes(name)).length, objects.length],
    targetSensitivity,
  };
}

Deno.test("FunnyBirds: the protocols are those of a plain count, with all kinds of maps", () => {
  const random = Random.of(77);
  const draw = (count: number) => Array.from({ length: count }, () => random.normal());
  let [rivalled, wrong, negative] = [0, 0, 0];
  for (let round = 0; round < 200; round++) {
    const objects = random.int(5);
    const answers = additive({
      base: draw(3),
      parts: [draw(7), draw(7), draw(7)],
      objects: [draw(objects), draw(objects), draw(objects)],
    });
    const marks = (): Importance => {
      const [parts, own] = [draw(7), draw(objects)].map((list) => list.map((v) => v + 0.7));
      return { parts, objects: own, total: [...parts, ...own].reduce((a, b) => a + b, draw(1)[0]) };
    };
    const [ofTrue, ofPredicted] = [marks(), marks()];
    const explained: Explained = {
      ...{ label: random.int(3), predicted: winner(answers.without(0)) },
      ...{ ofTrue, ofPredicted, sufficient: [set("wing"), set("head", "leg", "tail")] },
      rivals: random.chance(0.2) ? null : {
        ...{ classes: [0, 2], parts: [set("back", "leg"), set("wing")] },
        marked: [marks(), marks()],
      },
    };
    const asked = setsToLeaveOut(explained);
    const { hit, singleDeletion, ...found } = scorePicture(explained, {
      ...answers,
      without(parts) {
        assert.ok(asked.has(parts), "asked for beforehand");
        return answers.without(parts);
      },
    });
    assert.deepEqual(found, bruteForce(explained, answers));
    assert.equal(hit, explained.predicted === explained.label ? 1 : 0);
    assert.ok(singleDeletion >= 0 && singleDeletion <= 1);
    rivalled += Number.isNaN(found.targetSensitivity) ? 0 : 1;
    wrong += 1 - hit;
    negative += ofTrue.total < 0 ? 1 : 0;
  }
  assert.ok(rivalled > 10 && wrong > 10 && negative > 0, `${rivalled} ${wrong} ${negative}`);
});

Deno.test("FunnyBirds: what explains an additive model perfectly scores 1, chance less", () => {
  // Wing and head decide for class 0, the legs speak for class 2, nothing else says anything.
  const worth = [[5, 0, 0, 0, 0, 0, 4], [0, 0, 0, 0, 0, 0, 3], [1, 0, 0, 0, 0, 2, 0]];
  const objects = worth.map(() => [0, 0, 0]);
  const answers = additive({ base: [0, 2, 1], parts: worth, objects });
  const perfect = (y: number): Importance => ({
    ...{ parts: worth[y], objects: objects[y] },
    total: worth[y].reduce((a, b) => a + b),
  });
  const shared = { label: 0, predicted: 0, sufficient: [set("head", "wing")] };
  const rivals = { classes: [1, 2], parts: [set("wing"), set("leg")] } as const;
  const best = scorePicture({
    ...{ ...shared, ofTrue: perfect(0), ofPredicted: perfect(0) },
    rivals: { ...rivals, marked: [perfect(1), perfect(2)] },
  }, answers);
  for (const scores of [best.sufficiency, best.preservation, best.deletion]) {
    // The head has 5/9, the wing 4/9 of the map: up to there both are important.
    assert.deepEqual(scores.slice(0, 70), Array(70).fill(1));
  }
  assert.deepEqual(best.distractibility, THRESHOLDS.map(() => 1));
  assert.equal(best.singleDeletion, 1);
  assert.equal(best.targetSensitivity, 1);
  assert.deepEqual(best.objects, [0, 3]);

  const random = Random.of(5);
  const means = [0, 0, 0];
  const rounds = 300;
  for (let round = 0; round < rounds; round++) {
    const marks = (): Importance => {
      const [parts, own] = [7, 3].map((n) => Array.from({ length: n }, () => random.uniform()));
      return { parts, objects: own, total: [...parts, ...own].reduce((a, b) => a + b) };
    };
    const own = scorePicture({
      ...{ ...shared, ofTrue: marks(), ofPredicted: marks() },
      rivals: { ...rivals, marked: [marks(), marks()] },
    }, answers);
    const at = 20;
    const completeness = (own.sufficiency[at] + own.preservation[at] + own.deletion[at]) / 6 +
      own.distractibility[at] / 2;
    for (const [i, score] of [completeness, own.singleDeletion, own.targetSensitivity].entries()) {
      means[i] += score / rounds;
    }
  }
  assert.ok(means[0] < 0.7, `completeness ${means[0]}`);
  assertClose(means.slice(1), [0.5, 0.5], 0.05, "chance");
});

gpuTest("FunnyBirds: class scores are CAM's pooled logits and CALM's p(y|x)", async (gpu) => {
  const random = Random.of(3);
  const images = Float32Array.from(
    { length: 2 * 16 * 16 * 4 },
    (_, i) => i % 4 === 3 ? 0 : random.normal(),
  );
  const options = {
    arch: "small-resnet",
    prior: "relu",
    detachNormaliser: true,
    classes: 3,
  } as const;
  const softmax = (logits: Float32Array) => {
    const exps = logits.map(Math.exp);
    const total = exps.reduce((a, b) => a + b);
    return exps.map((value) => value / total);
  };
  for (const method of ["cam", "calm-em"] as const) {
    const model = buildModel(gpu, { ...options, method }, 4);
    const scores = await classScores(model, images, 2);
    const p = await probabilitiesOf(model, images, 2);
    for (const n of [0, 1]) {
      assertClose(method === "cam" ? softmax(scores[n]) : scores[n], p[n], 1e-6, `${method} ${n}`);
    }
    if (method === "cam") assert.ok(Math.abs(scores[0].reduce((a, b) => a + b) - 1) > 1e-3);
    model.dispose();
  }
});

gpuTest(
  "FunnyBirds: shards add up to the whole; pictures that were not drawn so are refused",
  async (gpu) => {
    const folder = await Deno.makeTempDir();
    const root = `${folder}/birds`;
    const options: ModelOptions = {
      ...{
        arch: "small-resnet",
        method: "calm-em",
        prior: "relu",
        detachNormaliser: true,
        classes: 4,
      },
    };
    const model = buildModel(gpu, options, 8);
    try {
      const sizes = { classes: 4, trainPerClass: 1, testPerClass: 1, size: 32, workers: 1 };
      await generateBirds(root, sizes);
      const dataset = await loadCub(root, "birds");
      const measures = (["joint", "grad-cam"] as const)
        .map((kind) => ({ what: "funny-birds", options: { kind, every: 1 } } as const));
      const job: Job = {
        subject: {
          ...{ checkpoint: "0", arch: "small-resnet", method: "calm-em", prior: "relu" },
          ...{
            largeFeatureMap: false,
            skipMixed6e: false,
            acolThreshold: null,
            epochs: null,
            dataset: "birds",
          },
          ...{
            classes: dataset.classes,
            crop: 32,
            batchSize: 2,
            blur: 0,
            seed: 0,
            supersets: null,
          },
        },
        passes: [{ split: "test", pairedOnly: false, choosesThresholds: false, measures }],
      };
      const opened = { model, options };
      const run = (index: number, count: number, of = dataset) =>
        runJob(job, opened, of, { shard: { index, count } });
      const whole = resultsOf(await run(0, 1));
      const parts = [];
      for (const index of [1, 0]) {
        const path = `${folder}/${index}.json`;
        await saveCounts(path, await run(index, 2));
        parts.push({ path, counts: await readCounts(path) });
      }
      assert.deepEqual(resultsOf(mergeCounts(parts)), whole);
      const [{ result }] = whole;
      assert.ok("backgroundIndependence" in result && result.images === 4);
      for (
        const score of [result.completeness, result.correctness, result.backgroundIndependence]
      ) {
        assert.ok(score >= 0 && score <= 1, `${score}`);
      }

      // A prediction is right or it is not; every threshold has its number.
      const [{ path, counts }] = parts;
      const [row] = counts.passes[0].tallies[0] as number[][];
      for (const odd of [row.with(1, 2), row.slice(0, -1)]) {
        const tallies = [[odd], ...counts.passes[0].tallies.slice(1)];
        await saveCounts(path, { ...counts, passes: [{ ...counts.passes[0], tallies }] });
        await assert.rejects(readCounts(path), /tallies\[0\]\[0\].* expected a (whole|list)/);
      }

      // The same record, other pictures.
      await generateBirds(`${folder}/other`, { ...sizes, seed: 1 });
      await Deno.copyFile(`${root}/birds.json`, `${folder}/other/birds.json`);
      await assert.rejects(run(0, 1, await loadCub(`${folder}/other`, "birds")), {
        name: "UserError",
        message:
          /\.jpg is not the picture that the folder's birds\.json describes: \.\/calm data birds/,
      });
    } finally {
      model.dispose();
      await Deno.remove(folder, { recursive: true });
    }
  },
);
