import { PARTS } from "../../../data/birds/parts.ts";
import { type Interventions, Scene } from "../../../data/birds/scene.ts";
import { decodePicture, encodeJpegRgba } from "../../../data/codecs.ts";
import { resizeLikePillow } from "../../../data/resize.ts";
import { extentOf, writeNormalised } from "../../../data/transform.ts";
import { meanSpatial } from "../../../engine/ops/reduce.ts";
import { UserError } from "../../../engine/errors.ts";
import { type Classifier, uploadPictures } from "../../../model/classifier.ts";
import type { View } from "../evaluation.ts";
import { type Regions, regionsOf } from "./importance.ts";
import type { PartSet } from "./part_sets.ts";
import type { Answers } from "./score.ts";

/** Pictures that are classified at once. */
const AT_ONCE = 32;

/** The pictures of a view drawn again, and what a model says of them: each is asked about once. */
export class Redrawn {
  readonly #model: Classifier;
  readonly #scenes: readonly Scene[];
  readonly #extent: number;
  readonly #scores = new Map<string, Float32Array>();
  #regions = new Map<number, Regions>();

  private constructor(model: Classifier, scenes: readonly Scene[], extent: number) {
    [this.#model, this.#scenes, this.#extent] = [model, scenes, extent];
  }

  /**
   * Lays the scenes of a view's pictures out.
   *
   * @throws {UserError} where the data set's folder does not say how they were drawn, or a picture
   * is another one than that
   */
  static async of({ model, batch, ids, annotations }: View): Promise<Redrawn> {
    const { requests } = await annotations.drawing();
    const extent = extentOf(batch);
    const scenes: Scene[] = [];
    for (const [n, id] of ids.entries()) {
      const request = requests.get(id);
      const scene = request ? await Scene.of(request) : null;
      const from = n * 4 * extent ** 2;
      const isSame = scene !== null &&
        (await asSeen(scene, {}, extent)).every((value, i) => value === batch.images[from + i]);
      if (!isSame) {
        throw new UserError(
          `${id} is not the picture that the folder's birds.json describes: ./calm data birds DIR ` +
            "draws birds that can be drawn again",
        );
      }
      scenes.push(scene);
    }
    return new Redrawn(model, scenes, extent);
  }

  /** Where the parts and objects of the picture at position n are. */
  regions(n: number): Regions {
    const known = this.#regions.get(n) ?? regionsOf(this.#scenes[n]);
    this.#regions.set(n, known);
    return known;
  }

  /**
   * Asks the model about each picture without some sets of parts, and without each object.
   *
   * @param sets by picture
   */
  async ask(sets: readonly Iterable<PartSet>[]): Promise<readonly Answers[]> {
    const questions = this.#scenes.flatMap((scene, n) => [
      ...Array.from(
        sets[n],
        (set) => ({ n, scene, key: `${n} parts ${set}`, what: leaveOut(set) }),
      ),
      ...Array.from({ length: scene.objects }, (_, object) => ({
        ...{ n, scene, key: `${n} object ${object}`, what: { hidden: [object] } },
      })),
    ]).filter(({ key }) => !this.#scores.has(key));
    for (let from = 0; from < questions.length; from += AT_ONCE) {
      const some = questions.slice(from, from + AT_ONCE);
      const images = new Float32Array(some.length * 4 * this.#extent ** 2);
      for (const [i, { scene, what }] of some.entries()) {
        images.set(await asSeen(scene, what, this.#extent), i * 4 * this.#extent ** 2);
      }
      const scores = await classScores(this.#model, images, some.length);
      for (const [i, { key }] of some.entries()) this.#scores.set(key, scores[i]);
    }
    return this.#scenes.map((_, n) => ({
      without: (parts) => this.#scores.get(`${n} parts ${parts}`)!,
      withoutObject: (object) => this.#scores.get(`${n} object ${object}`)!,
    }));
  }
}

function leaveOut(set: PartSet): Interventions {
  return { without: PARTS.filter((_, i) => set & 1 << i) };
}

/** A scene as a picture file of it would be fed to the network, `[extent, extent, 4]`. */
async function asSeen(
  scene: Scene,
  interventions: Interventions,
  extent: number,
): Promise<Float32Array<ArrayBuffer>> {
  const jpeg = await encodeJpegRgba(scene.render(interventions));
  const picture = resizeLikePillow(await decodePicture(jpeg, "A redrawn bird"), extent, extent);
  const seen = new Float32Array(4 * extent ** 2);
  writeNormalised(picture, extent, seen, 0);
  return seen;
}

/**
 * What a model decides by, for each class: the pooled logits, of CALM, which has none, p(y|x).
 *
 * @throws {UserError} when a score is no finite number
 */
export async function classScores(
  model: Classifier,
  images: Float32Array<ArrayBuffer>,
  size: number,
): Promise<Float32Array[]> {
  const scores = model.inference(() => {
    const outputs = model.forward(uploadPictures(model.gpu, { images, size }));
    return outputs.logH ? model.probabilities(outputs) : meanSpatial(outputs.f);
  });
  try {
    const values = await scores.read();
    if (!values.every(Number.isFinite)) {
      throw new UserError("The model's weights give no finite scores of redrawn pictures");
    }
    const classes = scores.channels;
    return Array.from(
      { length: size },
      (_, n) => values.slice(n * classes, (n + 1) * classes),
    );
  } finally {
    scores.dispose();
  }
}
