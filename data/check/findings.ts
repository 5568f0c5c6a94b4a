import type { Download } from "./downloads.ts";

/** Pictures and classes that the lists of a data set name. */
export interface Counts {
  readonly classes: number;
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

/** What a check collects. */
export class Findings {
  /** What keeps the data set from being used. */
  readonly problems: string[] = [];
  /** What is worth knowing: other counts than the published ones, evaluations that cannot be run. */
  readonly remarks: string[] = [];
  /** What would mend it. */
  readonly downloads = new Set<Download>();

  /** Complaints about lists, those of one file in one sentence. */
  complaints(messages: readonly string[]): void {
    const byFile = Map.groupBy(messages, (message) => /^.*?\.txt/.exec(message)?.[0] ?? "");
    for (const [file, own] of byFile) {
      this.problems.push(
        own.length === 1 ? own[0] : `${own.length} mistakes in ${file}: ${some(own, "; ")}`,
      );
    }
  }

  /** Pictures or masks that are not there. */
  missing(what: string, missing: readonly string[], total: number, download: Download): void {
    if (missing.length === 0) return;
    this.problems.push(`${missing.length} of ${total} ${what} are missing: ${some(missing)}`);
    this.downloads.add(download);
  }

  /** Pictures or masks that cannot be decoded, with what is wrong with each. */
  unsound(what: string, messages: readonly string[], total: number): void {
    if (messages.length === 0) return;
    this.problems.push(
      `${messages.length} of ${total} ${what} cannot be decoded: ${some(messages, "; ")}`,
    );
  }

  /** Ids of one list that another one lacks. */
  unlisted(ids: Iterable<string>, known: ReadonlyMap<string, unknown>, list: string, of: string) {
    const lacking = [...ids].filter((id) => !known.has(id));
    if (lacking.length === 0) return;
    this.problems.push(
      `${list} has no line for ${lacking.length} of the ids of ${of}: ${some(lacking)}`,
    );
  }

  /** Says where counts differ from those of the paper, for someone may use a subset. */
  compareCounts(name: string, counts: Counts, published: Partial<Counts>): void {
    for (const [key, expected] of Object.entries(published)) {
      const found = counts[key as keyof Counts];
      if (found === 0 || found === expected) continue;
      const what = key === "classes" ? "classes" : `${key} pictures`;
      this.remarks.push(
        `${name} has ${found} ${what} here, ${expected.toLocaleString("en")} were published`,
      );
    }
  }
}

/** The first three. */
export function some(items: readonly string[], separator = ", "): string {
  const rest = items.length - 3;
  return items.slice(0, 3).join(separator) + (rest > 0 ? ` and ${rest} more` : "");
}
