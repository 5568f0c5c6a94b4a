/** Enough for the header of nearly every picture: comments and colour profiles stand before it. */
const HEAD = 64 * 1024;

/**
 * Width and height in pixels that a JPEG or PNG file's header promises; null where it has none.
 * Only its beginning is read.
 */
export async function pictureSize(path: string): Promise<readonly [number, number] | null> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(HEAD);
  const length = await file.read(bytes) ?? 0;
  const view = new DataView(bytes.buffer, 0, length);
  if (length >= 24 && view.getUint32(0) === 0x89504e47) {
    return [view.getUint32(16), view.getUint32(20)];
  }
  if (length < 4 || view.getUint16(0) !== 0xffd8) return null;
  // Segments follow one another up to the frame header (ITU-T T.81, annex B).
  for (let at = 2; at + 9 <= length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return null;
}
