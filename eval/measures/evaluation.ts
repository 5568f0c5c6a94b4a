import { UserError } from "../../engine/errors.ts";
import type { Batch } from "../../data/loader.ts";
import type { ModelOptions } from "../../model/build.ts";
import type { Classifier } from "../../model/classifier.ts";
import type { Annotations } from "./annotations.ts";
import { BatchMaps, type MapOptions } from "../maps/batch_maps.ts";
import { pickPictures } from "../maps/pick_pictures.ts";

/** What JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A batch as evaluations see it. */
export interface View {
  readonly model: Classifier;
  readonly options: ModelOptions;
  readonly batch: Batch;
  /** The pictures' names in the data set's lists. */
  readonly ids: readonly string[];
  readonly maps: BatchMaps;
  readonly mapOptions: MapOptions;
  readonly annotations: Annotations;
  /** Makes what several evaluations need of this batch only once. */
  once<T>(key: string, make: () => T): T;
}

/** Opens a batch to evaluations. */
export function viewOf(parts: Omit<View, "maps" | "once">): View {
  const made = new Map<string, unknown>();
  const once = <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
  return { ...parts, maps: new BatchMaps(parts.model, parts.batch, parts.mapOptions), once };
}

/**
 * The pictures of a view whose position in the split is divisible by a number, for what would take
 * too long on all of them; null where there are none.
 */
export function sampleOf(view: View, every: number): View | null {
  if (every === 1) return view;
  return view.once(`sample ${every}`, () => {
    const { batch, ids } = view;
    const chosen = [...batch.indices.keys()].filter((n) => batch.indices[n] % every === 0);
    if (chosen.length === 0) return null;
    return viewOf({
      ...view,
      ids: chosen.map((n) => ids[n]),
      batch: {
        images: pickPictures(batch, chosen),
        labels: Uint32Array.from(chosen, (n) => batch.labels[n]),
        indices: Uint32Array.from(chosen, (n) => batch.indices[n]),
        size: chosen.length,
        number: batch.number,
      },
    });
  });
}

/**
 * A measurement that is added up batch by batch. Its tally holds whole counts, or numbers by
 * picture, so that parts that were measured apart give exactly the result of the whole.
 */
export interface Evaluation<Result> {
  add(view: View): Promise<void>;
  /** Everything counted so far. */
  tally(): Json;
  /** Adds the counts of other batches. */
  merge(tally: Json): void;
  result(): Result;
}

/** Numbers by picture (or batch), kept apart so that sums are taken in one order. */
export class Records {
  #rows = new Map<number, readonly number[]>();

  /** @throws {UserError} for an infinite number: JSON has none, so that counts would lose it */
  add(index: number, values: readonly number[]): void {
    if (values.includes(Infinity) || values.includes(-Infinity)) {
      throw new UserError(
        `Of picture ${index} a number is infinite, which sound weights never give: ${values}`,
      );
    }
    this.#rows.set(index, values);
  }

  /** Rows in the order of their pictures. */
  rows(): (readonly number[])[] {
    return [...this.#rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  }

  /** The mean of each column over the rows where it is a number; NaN where there is none. */
  means(): number[] {
    const rows = this.rows();
    return (rows[0] ?? []).map((_, column) => {
      const sound = rows.map((row) => row[column]).filter((value) => !Number.isNaN(value));
      return sound.reduce((a, b) => a + b, 0) / sound.length;
    });
  }

  /** In how many rows each column is no number: those that its mean leaves out. */
  undefinedRows(): number[] {
    const rows = this.rows();
    return (rows[0] ?? []).map((_, column) =>
      rows.filter((row) => Number.isNaN(row[column])).length
    );
  }

  get size(): number {
    return this.#rows.size;
  }

  /** JSON has no NaN: it is null there. */
  tally(): Json {
    return [...this.#rows].map(([index, row]) => [
      index,
      ...row.map((value) => Number.isNaN(value) ? null : value),
    ]);
  }

  merge(tally: Json): void {
    for (const [index, ...row] of tally as (number | null)[][]) {
      this.#rows.set(index!, row.map((value) => value ?? NaN));
    }
  }
}

/** Counts that are not 0, by their names. */
export function namedCounts(
  names: readonly string[],
  counts: readonly number[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    names.map((name, i) => [name, counts[i] ?? 0] as const).filter(([, count]) => count > 0),
  );
}
