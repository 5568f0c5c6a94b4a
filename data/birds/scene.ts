import { Random } from "../../engine/random.ts";
import { loadRasteriser } from "../rasteriser.ts";
import { drawPose, type Pose } from "./anatomy.ts";
import { type Backdrop, drawBackdrop, drawSurroundings } from "./backdrop.ts";
import { drawBird, type DrawnBird } from "./bird.ts";
import { type Affine, apply, compose, matrix, rotate, translate } from "./geometry.ts";
import { drawLight, expose, type Light } from "./light.ts";
import { type Appearance, type Part, PARTS } from "./parts.ts";
import { type Layer, rasterise } from "./raster.ts";
import { drawStage, type Stage } from "./stage.ts";

/** What to draw. */
export interface PictureRequest {
  appearance: Appearance;
  seed: number;
  /** From 0. */
  classIndex: number;
  /** Within the class, from 0. */
  pictureIndex: number;
  /** Long side in pixels. */
  size: number;
  /** Probability that the surroundings are those of the class instead of any (0 … 1). */
  backgroundCorrelation: number;
  /** Probability that the bird lacks one to three parts (0 … 1). */
  dropParts: number;
}

/** What is changed in a picture; everything else stays as it is, to the last bit before JPEG. */
export interface Interventions {
  /** Parts to leave out: see `drawBird`. */
  readonly without?: readonly Part[];
  /** Parts that look as another species' do. */
  readonly looks?: Partial<Appearance>;
  /** Objects of the background to leave out, by their position (0 … `objects` − 1). */
  readonly hidden?: readonly number[];
}

/** A drawn picture that is not encoded yet. */
export interface Rendering {
  readonly width: number;
  readonly height: number;
  /** Interleaved RGBA. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly bird: DrawnBird;
  /** How much of each pixel is the bird's, 0 … 255: its coverage less what stands in front of it. */
  readonly silhouette: Uint8Array;
}

// Scenes are composed in picture units: the long side is 128 units, whatever its pixels.
const LONG = 128;
// What is out of focus is rasterised with this many pixels along the long side.
const BLURRED = 48;
// The smallest change of a channel, of 255, that shows a part's pixel: about an eighth of its edge.
const SHOWS = 32;

/**
 * The scene of a picture, laid out once: it can be drawn several times, with and without
 * interventions.
 */
export class Scene {
  readonly width: number;
  readonly height: number;
  readonly pose: Pose;
  /** Left and right are exchanged: the bird faces left. */
  readonly mirrored: boolean;
  /** From bird units to pixels. */
  readonly toPixels: Affine;
  /**
   * Number of the background's objects, from back to front: the backdrop's texture with its spots of
   * light, which is one (its leaves or waves overlap and let each other through); each distant
   * flower; each thing in focus behind the bird (a twig with its leaves, a leaf, what it stands on,
   * berries); each one in front of it. What lies under all of them, a plain gradient, stays.
   */
  readonly objects: number;

  #request: PictureRequest;
  #view: readonly [width: number, height: number];
  #toView: Affine;
  #whole: DrawnBird;
  #light: Light;
  #missing: readonly Part[];
  #backdrop: Backdrop;
  #stage: Stage;
  /** The last layer of each depth, for most of them stay from one drawing to the next. */
  #layers = new Map<string, { readonly elements: string; readonly layer: Layer }>();

  private constructor(request: PictureRequest) {
    this.#request = request;
    const { size, classIndex, backgroundCorrelation, dropParts } = request;
    const of = (purpose: number) => this.#random(purpose);
    const pose = this.pose = drawPose(of(20));
    const format = of(21);
    const short = format.uniform(0.78, 1);
    const [w, h] = this.#view = format.chance(0.2) ? [LONG * short, LONG] : [LONG, LONG * short];
    [this.width, this.height] = [Math.round(w * size / LONG), Math.round(h * size / LONG)];
    this.mirrored = format.chance(0.5);
    this.#light = drawLight(of(25));
    this.#missing = chooseMissing(dropParts, of(26));
    // Where the bird stands does not depend on its looks, nor on what it lacks.
    const bird = this.#whole = this.#draw({});
    const map = this.#toView = place(bird, pose, this.mirrored, w, h, format);
    this.toPixels = compose([size / LONG, 0, 0, size / LONG, 0, 0], map);

    const ours = of(22);
    const usual = ours.chance(backgroundCorrelation);
    const surroundings = drawSurroundings(usual ? Random.of(606, classIndex) : ours);
    if (usual) surroundings.light += ours.uniform(-4, 4);
    this.#stage = drawStage(
      surroundings,
      w,
      h,
      pose.flying ? undefined : bird.feet.map((foot) => apply(map, foot)),
      bird.extent.map((point) => apply(map, point)),
      of(24),
    );
    this.#backdrop = drawBackdrop(surroundings, w, h, of(23));
    const { behind, front } = this.#stage;
    this.objects = 1 + this.#backdrop.flowers.length + behind.length + front.length;
  }

  /** Lays a scene out. The same request gives the same scene. */
  static async of(request: PictureRequest): Promise<Scene> {
    await loadRasteriser();
    return new Scene(request);
  }

  /** Draws the scene. */
  render(interventions: Interventions = {}): Rendering {
    const { width, height } = this;
    const { ground, texture, flowers, lights } = this.#backdrop;
    const gone = new Set(interventions.hidden);
    let position = 0;
    // In the order that `objects` gives them.
    const shown = (things: readonly string[]) =>
      things.filter(() => !gone.has(position++)).join("");
    const [detail, distant] = [shown([texture]), shown(flowers)];
    const [behind, before] = [shown(this.#stage.behind), shown(this.#stage.front)];
    const shrink = BLURRED / LONG;
    const far = this.#layer(
      "far",
      ground + detail + distant + (gone.has(0) ? "" : lights),
      this.#view.map((side) => Math.round(side * shrink)),
    );
    const bird = this.#bird(interventions);
    const birdLayer = this.#birdLayer(bird);
    const front = before === "" ? undefined : this.#layer("front", before);
    const layers = [this.#layer("behind", behind), birdLayer, ...(front ? [front] : [])];
    return {
      ...{ width, height, bird },
      data: expose(far, layers, this.#light, this.#random(27)),
      silhouette: maskOf(birdLayer, front),
    };
  }

  /**
   * Which part each pixel shows, what hides it taken into account: 0 none, else 1 + the part's
   * position in `PARTS`. A pixel shows a part when it changes as the part is left out instead of
   * black or white; of several parts the one that changes it most. Thighs, which have the belly's
   * colour, are the legs'.
   */
  partMap(): Uint8Array {
    const map = new Uint8Array(this.width * this.height);
    const most = new Uint8Array(map.length).fill(SHOWS - 1);
    for (const [i, part] of PARTS.entries()) {
      if (this.#missing.includes(part)) continue;
      const pixels = (interventions: Interventions) =>
        this.#birdLayer(this.#bird(interventions)).pixels;
      const left = pixels({ without: [part] });
      const looks = (["black", "white"] as const).map((color) =>
        pixels({ looks: dyed(part, this.#request.appearance, color) })
      );
      for (let at = 0; at < map.length; at++) {
        let change = 0;
        for (let c = 4 * at; c < 4 * at + 4; c++) {
          for (const look of looks) change = Math.max(change, Math.abs(look[c] - left[c]));
        }
        if (change > most[at]) [map[at], most[at]] = [i + 1, change];
      }
    }
    const { silhouette } = this.render();
    return map.map((part, at) => silhouette[at] < 128 ? 0 : part);
  }

  #random(purpose: number): Random {
    const { seed, classIndex, pictureIndex } = this.#request;
    return Random.of(seed, classIndex, pictureIndex, purpose);
  }

  #bird({ without, looks }: Interventions): DrawnBird {
    return without || looks ? this.#draw({ without, looks }) : this.#whole;
  }

  #draw({ without = [], looks }: Interventions): DrawnBird {
    const { appearance, seed, classIndex, pictureIndex } = this.#request;
    const { side } = this.#light;
    return drawBird(
      { ...appearance, ...looks },
      this.pose,
      [seed, classIndex, pictureIndex],
      this.mirrored ? -side : side,
      new Set([...this.#missing, ...without]),
    );
  }

  #birdLayer({ svg }: DrawnBird): Layer {
    return this.#layer("bird", `<g transform="${matrix(this.#toView)}">${svg}</g>`);
  }

  #layer(
    depth: "far" | "behind" | "bird" | "front",
    elements: string,
    [width, height]: readonly number[] = [this.width, this.height],
  ): Layer {
    const known = this.#layers.get(depth);
    if (known?.elements === elements) return known.layer;
    const layer = rasterise(elements, this.#view, width, height);
    this.#layers.set(depth, { elements, layer });
    return layer;
  }
}

/** The look of a part in one colour, its shapes and patterns as they are. */
function dyed(part: Part, appearance: Appearance, color: "black" | "white"): Partial<Appearance> {
  if (part === "leg") return { leg: { color } };
  if (part === "head") {
    const colors = { crown: color, nape: color, throat: color, mark: color, billColor: color };
    return { head: { ...appearance.head, ...colors } };
  }
  return { [part]: { ...appearance[part], color, second: color } };
}

/** The map from bird units to picture units: turned, mirrored, scaled and moved at random. */
function place(
  bird: DrawnBird,
  pose: Pose,
  mirrored: boolean,
  width: number,
  height: number,
  random: Random,
): Affine {
  // Birds on the wing lean forward: their bodies are nearly level.
  const turn = pose.flying ? random.uniform(0.05, 0.5) : random.uniform(-0.35, 0.35);
  const turned = compose([mirrored ? -1 : 1, 0, 0, 1, 0, 0], rotate(turn));
  const points = bird.extent.map((point) => apply(turned, point));
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [across, down] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const zoom = random.uniform(0.76, 1) * Math.min(width / across, height / down);
  const x = (width - across * zoom) * random.uniform();
  const y = (height - down * zoom) * random.uniform();
  return compose(translate(x, y), [zoom, 0, 0, zoom, 0, 0], translate(-left, -top), turned);
}

function chooseMissing(probability: number, random: Random): Part[] {
  if (!random.chance(probability)) return [];
  const order = [...random.permutation(PARTS.length)].map((index) => PARTS[index]);
  return order.slice(0, 1 + random.int(3));
}

/** The bird's own coverage less what stands in front of it. */
function maskOf(bird: Layer, front: Layer | undefined): Uint8Array {
  const mask = new Uint8Array(bird.width * bird.height);
  for (let i = 0; i < mask.length; i++) {
    const covered = front ? front.pixels[i * 4 + 3] : 0;
    mask[i] = Math.round(bird.pixels[i * 4 + 3] * (255 - covered) / 255);
  }
  return mask;
}
