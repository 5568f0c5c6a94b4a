import { UserError } from "./errors.ts";

/** Numbers of the shader texts seen so far. */
const TEXTS = new Map<string, number>();

/**
 * One compute shader: WGSL text and the values of its `override` constants.
 *
 * Every shader of this project binds its uniform parameters (if it has any) as
 * `@group(0) @binding(0)` and its storage buffers as bindings 1, 2, …, in the order in which
 * `Gpu.run` is handed them. A kernel belongs to no device: `Gpu` compiles it at its first use.
 *
 * @example
 * ```ts
 * import source from "../shaders/unary.wgsl" with { type: "text" };
 * const exp = new Kernel("unary", source, { OPERATION: 1 });
 * exp.key; // "unary OPERATION=1"
 * ```
 */
export class Kernel {
  /** The name and the constants, as profiles show them. */
  readonly key: string;
  /** Identifies the pipeline: the key and the text, for two texts may go by one name. */
  readonly id: string;

  /** File name of the shader without its ending; appears in error messages. */
  readonly name: string;
  /** WGSL text with an entry point `main`. */
  readonly source: string;
  /** Values of the shader's `override` declarations. */
  readonly constants: Readonly<Record<string, number>>;
  #tiles = new Map<string, number>();

  /** Names a shader, its text and the values of its `override` declarations. */
  constructor(
    name: string,
    source: string,
    constants: Readonly<Record<string, number>> = {},
  ) {
    this.name = name;
    this.source = source;
    this.constants = constants;
    this.key = [name, ...Object.entries(constants).map(([k, v]) => `${k}=${v}`)].join(" ");
    let text = TEXTS.get(source);
    if (text === undefined) TEXTS.set(source, text = TEXTS.size);
    this.id = `${this.key}#${text}`;
  }

  /**
   * The value of a `const NAME = 32u;` of the shader: the size of its tile, by which the number of
   * workgroups is reckoned, is written down in the shader and nowhere else.
   *
   * @throws {UserError} when the shader does not declare it
   */
  tile(name: string): number {
    const known = this.#tiles.get(name);
    if (known !== undefined) return known;
    const [, digits] = this.source.match(new RegExp(`^const ${name}\\s*=\\s*(\\d+)u?;`, "m")) ?? [];
    if (!(Number(digits) > 0)) {
      throw new UserError(
        `The shader ${this.name} does not declare its tile: a line like const ${name} = 32u; is ` +
          "expected",
      );
    }
    this.#tiles.set(name, Number(digits));
    return Number(digits);
  }
}

/** Values of a kernel's uniforms, by the names that the shader gives them. */
export type Parameters = Readonly<Record<string, number>>;

/** A number that a shader binds at 0: the whole uniform, or a field of its struct. */
export interface Uniform {
  /** As the shader calls it. */
  readonly name: string;
  /** As the shader declares it. */
  readonly type: "u32" | "i32" | "f32";
}

/** What each shader text declares, so that it is looked through once. */
const DECLARED = new Map<string, readonly Uniform[]>();

/** The numbers that a shader binds as `@binding(0) var<uniform>`, in their order; none: empty. */
export function uniformsOf(source: string): readonly Uniform[] {
  const known = DECLARED.get(source);
  if (known) return known;
  const text = source.replace(/\/\/[^\n]*/g, "");
  const [, name, type] = /var<uniform>\s+(\w+)\s*:\s*(\w+)/.exec(text) ?? [];
  const fields = type === undefined
    ? ""
    : /^[uif]32$/.test(type)
    ? `${name}: ${type}`
    : new RegExp(`struct\\s+${type}\\s*\\{([^}]*)\\}`).exec(text)?.[1] ?? "";
  const found = [...fields.matchAll(/(\w+)\s*:\s*([uif]32)\b/g)]
    .map(([, name, type]) => ({ name, type: type as Uniform["type"] }));
  DECLARED.set(source, found);
  return found;
}

/**
 * The bytes of a kernel's uniforms, padded to a multiple of 16.
 *
 * @throws {UserError} when the shader declares a number that it is not handed
 */
export function packParameters(
  { name, source }: Kernel,
  parameters: Parameters,
): Uint32Array<ArrayBuffer> {
  const uniforms = uniformsOf(source);
  const words = new Uint32Array(Math.ceil(uniforms.length / 4) * 4);
  const floats = new Float32Array(words.buffer);
  for (let i = 0; i < uniforms.length; i++) {
    const uniform = uniforms[i];
    const value = parameters[uniform.name];
    if (value === undefined) {
      throw new UserError(
        `The shader ${name} declares the uniform ${uniform.name}, but it is handed only ` +
          Object.keys(parameters).join(", "),
      );
    }
    if (uniform.type === "f32") floats[i] = value;
    else words[i] = value;
  }
  return words;
}

/** Number of workgroups in x, y and z. */
export type Workgroups = readonly [number, number?, number?];

/**
 * Workgroups for `invocations` in one long row, folded into two dimensions because WebGPU allows
 * 65,535 in each. The shader recovers its index as
 * `(workgroup.y * workgroups.x + workgroup.x) * size + local index` and leaves when it is too big.
 */
export function linear(invocations: number, workgroupSize = 64): Workgroups {
  const groups = Math.max(1, Math.ceil(invocations / workgroupSize));
  const x = Math.min(groups, 65535);
  return [x, Math.ceil(groups / x)];
}
