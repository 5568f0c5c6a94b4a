/** What is wrong with a pickle; whoever read it names the file. */
export class PickleError extends Error {}

/** Longest integer in bytes: random generators have states of 128 bits, and a sign. */
const LONGEST_INTEGER = 32;

/**
 * A pickle's bytes and the place up to which they are read. Every length is compared with the
 * bytes that are there before memory is asked for.
 */
export class PickleBytes {
  #view: DataView;

  constructor(readonly bytes: Uint8Array, public at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws {PickleError} always */
  fail(what: string): never {
    throw new PickleError(`${what} (byte ${this.at} of its pickle)`);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  /** Big-endian, unlike all others. */
  f64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** A copy of the next bytes. */
  copy(length: number): Uint8Array {
    return this.bytes.slice(this.#take(length), this.at);
  }

  utf8(length: number): string {
    const from = this.#take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.bytes.subarray(from, this.at));
    } catch {
      return this.fail("a text is not UTF-8");
    }
  }

  latin1(length: number): string {
    const from = this.#take(length);
    let out = "";
    for (let i = from; i < this.at; i++) out += String.fromCharCode(this.bytes[i]);
    return out;
  }

  /** A name, up to the end of its line. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > 1000) this.fail("a name does not end");
    const from = this.at;
    this.at = end + 1;
    return new TextDecoder().decode(this.bytes.subarray(from, end));
  }

  /** A little-endian integer of so many bytes; a bigint where a number would be rounded. */
  integer(length: number): number | bigint {
    const from = this.#take(length);
    if (length > LONGEST_INTEGER) this.fail(`an integer has ${length} bytes`);
    let value = 0n;
    for (let i = this.at - 1; i >= from; i--) value = (value << 8n) | BigInt(this.bytes[i]);
    value = BigInt.asIntN(8 * Math.max(length, 1), value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  /** Steps over bytes and returns where they begin. */
  #take(length: number): number {
    const left = this.bytes.length - this.at;
    if (!(length >= 0 && length <= left)) {
      this.fail(`it is cut off, or claims ${length} bytes where ${left} are left`);
    }
    this.at += length;
    return this.at - length;
  }
}
