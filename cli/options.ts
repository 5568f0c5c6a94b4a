import { parseArgs } from "node:util";
import { didYouMean } from "../engine/did_you_mean.ts";
import { UserError } from "../engine/errors.ts";

/** One option of a command. */
export interface OptionSpec {
  readonly type: "flag" | "text" | "number" | "integer" | "choice";
  /** What stands behind the option in the help, e.g. `DIR`. */
  readonly value?: string;
  readonly help: string;
  readonly choices?: readonly string[];
  /** A flag that `--no-NAME` says no to, for what else would say yes. */
  readonly negatable?: true;
  /** Smallest number allowed. */
  readonly min?: number;
  /** Greatest number allowed. */
  readonly max?: number;
  /** What `setting` and `quantity` have where it is not given; shown in the help. */
  readonly default?: string | number;
}

/** A command's options by name. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** A command's name and options, and what its help says. */
export interface CommandSpec {
  readonly name: string;
  /** A paragraph. */
  readonly summary: string;
  /** What its first argument may be, and what that does. */
  readonly topics?: Readonly<Record<string, string>>;
  readonly options: OptionTable;
  readonly examples?: readonly string[];
  /** Names of positional arguments, for the usage line; a last one in … takes any number. */
  readonly positionals?: readonly string[];
}

/** A command line. */
export interface ParsedOptions {
  readonly positionals: readonly string[];
  /** Whether an option was given. */
  has(name: string): boolean;
  flag(name: string): boolean;
  /** What was given; nothing where the option was left out, whatever its default. */
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  /** What was given or else the option's default. */
  setting(name: string): string;
  quantity(name: string): number;
}

/** Options that every command has. */
export const COMMON: OptionTable = {
  help: { type: "flag", help: "show this help" },
  quiet: { type: "flag", help: "no progress and no remarks: results, warnings and errors only" },
  json: { type: "flag", help: "print one JSON object as the last line of standard output" },
};

/**
 * Parses and checks a command line.
 *
 * @throws {UserError} naming the option, the value and what was expected
 */
export function parseOptions(command: CommandSpec, args: readonly string[]): ParsedOptions {
  const table: OptionTable = { ...COMMON, ...command.options };
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { type }]) => [
      name,
      { type: type === "flag" ? "boolean" as const : "string" as const },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | boolean>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const negated = token.name.replace(/^no-/, "");
    if (token.rawName === `--no-${negated}` && table[negated]?.negatable && !token.value) {
      values.set(negated, false);
      continue;
    }
    const spec = table[token.name];
    const fix = `./calm ${command.name} --help lists the options`;
    if (!spec || !token.rawName.startsWith("--")) {
      const near = didYouMean(token.name, Object.keys(table));
      throw new UserError(`Unknown option ${token.rawName}${near.replace('"', '"--')} (${fix})`);
    }
    if (spec.type === "flag" && token.value !== undefined) {
      throw new UserError(`--${token.name} takes no value, found "${token.value}"`);
    }
    if (spec.type !== "flag" && (token.value === undefined || token.value === "")) {
      throw new UserError(`--${token.name} needs a value: ${expectation(spec)}`);
    }
    values.set(token.name, token.value === undefined ? true : check(token.name, spec, token.value));
  }
  const allowed = command.positionals?.at(-1)?.endsWith("…")
    ? Infinity
    : command.positionals?.length ?? 0;
  if (positionals.length > allowed) {
    throw new UserError(
      `Unexpected argument "${positionals[allowed]}": options begin with -- ` +
        `(./calm ${command.name} --help lists them)`,
    );
  }
  const text = (name: string) => {
    const value = values.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const setting = (name: string) => {
    const value = text(name) ?? table[name]?.default;
    if (value === undefined) throw new Error(`--${name} of ${command.name} has no default`);
    return String(value);
  };
  return {
    positionals,
    has: (name) => values.has(name),
    flag: (name) => values.get(name) === true,
    text,
    number: (name) => {
      const value = text(name);
      return value === undefined ? undefined : Number(value);
    },
    setting,
    quantity: (name) => Number(setting(name)),
  };
}

/**
 * The same options with other defaults: what was given stays, and is all that was given (`has`).
 */
export function withDefaults(
  options: ParsedOptions,
  defaults: Readonly<Record<string, string | number | boolean>>,
): ParsedOptions {
  const own = (name: string) => options.has(name) ? undefined : defaults[name];
  const text = (name: string) => own(name) === undefined ? options.text(name) : String(own(name));
  const number = (name: string) =>
    own(name) === undefined ? options.number(name) : Number(own(name));
  return {
    ...options,
    text,
    number,
    flag: (name) => own(name) === undefined ? options.flag(name) : own(name) === true,
    setting: (name) => text(name) ?? options.setting(name),
    quantity: (name) => number(name) ?? options.quantity(name),
  };
}

/**
 * Options that are for some of the things that a command does.
 *
 * @param table what such options are for
 * @throws {UserError} for an option that is not for this
 */
export function expectFor(
  what: string,
  options: ParsedOptions,
  table: Readonly<Record<string, readonly string[]>>,
  told: (names: readonly string[]) => string = (names) => names.join(", "),
): void {
  const strange = Object.keys(table)
    .find((name) => options.has(name) && !table[name].includes(what));
  if (strange === undefined) return;
  throw new UserError(`--${strange} is for ${told(table[strange])}, not for ${told([what])}`);
}

/** @throws {UserError} when a list has something else than what is known */
export function expectSome(
  name: string,
  options: ParsedOptions,
  known: readonly string[],
): void {
  const words = options.text(name)?.split(",").map((word) => word.trim());
  const unknown = words?.find((word) => !known.includes(word));
  if (unknown === undefined) return;
  throw new UserError(
    `--${name} has "${unknown}", expected some of ${known.join(", ")}${didYouMean(unknown, known)}`,
  );
}

function check(name: string, spec: OptionSpec, value: string): string {
  const fail = () => {
    throw new UserError(
      `--${name} is "${value}", expected ${expectation(spec)}${
        didYouMean(value, spec.choices ?? [])
      }`,
    );
  };
  if (spec.type === "choice" && !spec.choices!.includes(value)) fail();
  if (spec.type === "number" || spec.type === "integer") {
    const number = Number(value);
    if (!Number.isFinite(number) || (spec.type === "integer" && !Number.isSafeInteger(number))) {
      fail();
    }
    if (number < (spec.min ?? -Infinity) || number > (spec.max ?? Infinity)) fail();
  }
  return value;
}

function expectation({ type, choices, min, max, value }: OptionSpec): string {
  if (type === "choice") return `one of ${choices!.join(", ")}`;
  if (type === "text") return value ?? "a text";
  const kind = type === "integer" ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  return max === undefined ? kind : `${kind} of at most ${max}`;
}
