import { UserError } from "../../../engine/errors.ts";

/**
 * A value of a JSON file and where it stands: asked what it should be, it gives the value, or refuses
 * it in a sentence that names file, place, value and what was expected.
 */
export class Checked {
  readonly #file: string;
  readonly #place: string;
  /** As it is in the file. */
  readonly value: unknown;

  /** @param place such as `passes[0].done`; empty for the whole file */
  constructor(file: string, place: string, value: unknown) {
    [this.#file, this.#place, this.value] = [file, place, value];
  }

  /** @throws {UserError} always */
  refuse(expected: string): never {
    const text = JSON.stringify(this.value) ?? "missing";
    const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
    throw new UserError(
      `${this.#file} is damaged: ${this.#place || "it"} is ${shown}, expected ${expected}`,
    );
  }

  /** A field of an object. */
  field(name: string): Checked {
    const own = this.#object();
    const value = Object.hasOwn(own, name) ? own[name] : undefined;
    return new Checked(this.#file, this.#place ? `${this.#place}.${name}` : name, value);
  }

  /** Names of an object's fields. */
  names(): string[] {
    return Object.keys(this.#object());
  }

  isNull(): boolean {
    return this.value === null;
  }

  isMissing(): boolean {
    return this.value === undefined;
  }

  /** The elements of a list, of a given length where one is expected. */
  list(length?: number): Checked[] {
    const value = this.value;
    if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
      this.refuse(length === undefined ? "a list" : `a list of ${length}`);
    }
    return value.map((each, i) => new Checked(this.#file, `${this.#place}[${i}]`, each));
  }

  whole(min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.value;
    if (Number.isSafeInteger(value) && value as number >= min && value as number <= max) {
      return value as number;
    }
    const most = max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`;
    return this.refuse(`a whole number from ${min}${most}`);
  }

  number(min = -Infinity, max = Infinity): number {
    const value = this.value;
    if (typeof value === "number" && value >= min && value <= max) return value;
    return this.refuse(
      min === -Infinity
        ? "a number"
        : `a number from ${min}${max === Infinity ? "" : ` to ${max}`}`,
    );
  }

  flag(): boolean {
    return typeof this.value === "boolean" ? this.value : this.refuse("true or false");
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.refuse("a text");
  }

  oneOf<T extends string>(known: readonly T[]): T {
    return known.includes(this.value as T)
      ? this.value as T
      : this.refuse(`one of ${known.join(", ")}`);
  }

  #object(): Record<string, unknown> {
    const value = this.value;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
    return this.refuse("an object");
  }
}
