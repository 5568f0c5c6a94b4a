/** An axis-aligned box of pixels, both corners included. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** What of a contour decides boxes. */
export interface Contour {
  /** Bounding box of the pixels on the contour. */
  readonly box: Box;
  /** Area of the polygon through the centres of these pixels, as OpenCV's `contourArea`. */
  readonly area: number;
}

/** The eight neighbours, clockwise from the right. */
const NEIGHBOURS = [[1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1]] as const;

/**
 * The contours of a binary picture, as OpenCV's `findContours` with `RETR_TREE`: the outer border of
 * every 8-connected region, and the border of every hole in one (a 4-connected region of zeros that
 * does not reach the edge). The border of a hole consists of the pixels around it.
 *
 * @param mask 1 where the foreground is, else 0; `height × width`
 * @returns outer borders in the order of their first pixels, then holes
 */
export function findContours(mask: Uint8Array, width: number, height: number): Contour[] {
  const framed = new Framed(mask, width, height);
  const contours: Contour[] = [];
  // What is connected to the frame is no hole.
  framed.flood(0);
  const holes: Contour[] = [];
  framed.eachUnseen((at, isForeground) => {
    const [x0, y0, x1, y1] = framed.flood(at);
    if (isForeground) contours.push({ box: [x0, y0, x1, y1], area: framed.borderArea(at) });
    // A hole's polygon is never larger than that of its region, so its area decides nothing.
    else holes.push({ box: [x0 - 1, y0 - 1, x1 + 1, y1 + 1], area: 0 });
  });
  return [...contours, ...holes];
}

/** A binary picture in a frame of background one pixel wide, so that every pixel has neighbours. */
class Framed {
  #pitch: number;
  #pixels: Uint8Array;
  #seen: Uint8Array;
  #stack: Int32Array;
  #offsets: readonly number[];

  constructor(mask: Uint8Array, width: number, height: number) {
    const pitch = width + 2;
    this.#pitch = pitch;
    this.#pixels = new Uint8Array(pitch * (height + 2));
    for (let y = 0; y < height; y++) {
      this.#pixels.set(mask.subarray(y * width, (y + 1) * width), (y + 1) * pitch + 1);
    }
    this.#seen = new Uint8Array(this.#pixels.length);
    this.#stack = new Int32Array(this.#pixels.length);
    this.#offsets = NEIGHBOURS.map(([x, y]) => y * pitch + x);
  }

  /** Calls `body` for pixels that no flood has reached, in reading order. */
  eachUnseen(body: (at: number, isForeground: boolean) => void): void {
    for (let at = 0; at < this.#pixels.length; at++) {
      if (!this.#seen[at]) body(at, this.#pixels[at] === 1);
    }
  }

  /** Marks a region as seen; foreground is joined at corners, background is not. */
  flood(start: number): Box {
    const pixels = this.#pixels;
    const seen = this.#seen;
    const stack = this.#stack;
    const colour = pixels[start];
    const offsets = colour ? this.#offsets : this.#offsets.filter((_, k) => k % 2 === 0);
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    let depth = 0;
    stack[depth++] = start;
    seen[start] = 1;
    while (depth > 0) {
      const at = stack[--depth];
      const y = Math.floor(at / this.#pitch);
      const x = at - y * this.#pitch;
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
      for (let k = 0; k < offsets.length; k++) {
        const next = at + offsets[k];
        // From the frame a step can leave the picture, or come in on the other side: into the frame.
        if (pixels[next] !== colour || seen[next]) continue;
        seen[next] = 1;
        stack[depth++] = next;
      }
    }
    return [x0 - 1, y0 - 1, x1 - 1, y1 - 1];
  }

  /** Follows the outer border from its first pixel in reading order; the shoelace formula. */
  borderArea(start: number): number {
    const pixels = this.#pixels;
    const offsets = this.#offsets;
    // Nothing lies above the first pixel or left of it, so the border is entered from the left.
    let [at, x, y, direction] = [start, 0, 0, 4];
    let twice = 0;
    let first = -1;
    while (true) {
      // Clockwise from behind the pixel that was come from.
      let step = -1;
      for (let k = 1; k <= 8; k++) {
        const turn = (direction + k) % 8;
        if (pixels[at + offsets[turn]]) {
          step = turn;
          break;
        }
      }
      if (step < 0) return 0; // a single pixel
      if (at === start) {
        if (first < 0) first = step;
        else if (step === first) return Math.abs(twice) / 2;
      }
      const [nextX, nextY] = [x + NEIGHBOURS[step][0], y + NEIGHBOURS[step][1]];
      twice += x * nextY - nextX * y;
      [at, x, y, direction] = [at + offsets[step], nextX, nextY, (step + 4) % 8];
    }
  }
}
