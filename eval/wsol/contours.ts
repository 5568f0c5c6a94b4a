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
 * @param mask not zero where the foreground is, `height × width`
 * @returns outer borders in the order of their first pixels, then holes
 */
export function findContours(mask: Uint8Array, width: number, height: number): Contour[] {
  const seen = new Uint8Array(mask.length);
  const contours: Contour[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen[start]) continue;
    const { box } = flood(mask, seen, start, width, height, 1);
    contours.push({ box, area: borderArea(mask, start, width, height) });
  }
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] || seen[start]) continue;
    const { box: [x0, y0, x1, y1], open } = flood(mask, seen, start, width, height, 0);
    if (open) continue;
    // A hole's polygon is never larger than that of its region, so its area decides nothing.
    contours.push({ box: [x0 - 1, y0 - 1, x1 + 1, y1 + 1], area: 0 });
  }
  return contours;
}

/** Marks a connected region as seen; foreground is joined at corners, background is not. */
function flood(
  mask: Uint8Array,
  seen: Uint8Array,
  start: number,
  width: number,
  height: number,
  foreground: 0 | 1,
): { box: Box; open: boolean } {
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  let open = false;
  const stack = [start];
  seen[start] = 1;
  while (stack.length > 0) {
    const at = stack.pop()!;
    const [x, y] = [at % width, Math.floor(at / width)];
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
    for (let k = 0; k < 8; k += foreground ? 1 : 2) {
      const [nx, ny] = [x + NEIGHBOURS[k][0], y + NEIGHBOURS[k][1]];
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) {
        open = true;
        continue;
      }
      const next = ny * width + nx;
      if (seen[next] || (mask[next] !== 0) !== (foreground === 1)) continue;
      seen[next] = 1;
      stack.push(next);
    }
  }
  return { box: [x0, y0, x1, y1], open };
}

/** Follows the outer border from its first pixel in reading order; the shoelace formula. */
function borderArea(mask: Uint8Array, start: number, width: number, height: number): number {
  const filled = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0;
  const [startX, startY] = [start % width, Math.floor(start / width)];
  // Nothing lies above the first pixel or left of it, so the border is entered from the left.
  let [x, y, direction] = [startX, startY, 4];
  let twice = 0;
  let first = -1;
  while (true) {
    // Clockwise from behind the pixel that was come from.
    let step = -1;
    for (let k = 1; k <= 8; k++) {
      const turn = (direction + k) % 8;
      if (filled(x + NEIGHBOURS[turn][0], y + NEIGHBOURS[turn][1])) {
        step = turn;
        break;
      }
    }
    if (step < 0) return 0; // a single pixel
    if (x === startX && y === startY) {
      if (first < 0) first = step;
      else if (step === first) return Math.abs(twice) / 2;
    }
    const [nextX, nextY] = [x + NEIGHBOURS[step][0], y + NEIGHBOURS[step][1]];
    twice += x * nextY - nextX * y;
    [x, y, direction] = [nextX, nextY, (step + 4) % 8];
  }
}
