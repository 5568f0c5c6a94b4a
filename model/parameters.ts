import type { Classifier } from "./classifier.ts";

/** New values of some parameters, by name, in row-major order. */
export type NewValues = ReadonlyMap<string, ArrayLike<number>>;

/**
 * Runs `body` with other values in some of a model's parameters, and puts the old ones back.
 *
 * @param old the present values of at least these parameters
 */
export async function withParameters<T>(
  model: Classifier,
  { values, old }: { readonly values: NewValues; readonly old: NewValues },
  body: () => Promise<T>,
): Promise<T> {
  const changed = model.parameters().filter(({ name }) => values.has(name));
  for (const { name, tensor } of changed) tensor.write(values.get(name)!);
  try {
    return await body();
  } finally {
    for (const { name, tensor } of changed) tensor.write(old.get(name)!);
  }
}

/** The values of a model's parameters, of all or of those with certain names. */
export async function readParameters(
  model: Classifier,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name, tensor } of model.parameters()) {
    if (wanted(name)) values.set(name, await tensor.read());
  }
  return values;
}
