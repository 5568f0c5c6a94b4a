import type { Span } from "../engine/profiler.ts";

/** All dispatches of one kernel together. */
export interface KernelRow {
  readonly kernel: string;
  readonly calls: number;
  readonly ms: number;
  /** Share of the time of all kernels. */
  readonly share: number;
  /** Bytes of the bound buffers a second. */
  readonly gigabytes_per_second: number;
}

/** Time by kernel, longest first. */
export function byKernel(spans: readonly Span[]): KernelRow[] {
  const sums = new Map<string, { calls: number; ms: number; bytes: number }>();
  let all = 0;
  for (const { kernel, milliseconds, bytes } of spans) {
    const sum = sums.get(kernel) ?? { calls: 0, ms: 0, bytes: 0 };
    sum.calls++;
    sum.ms += milliseconds;
    sum.bytes += bytes;
    all += milliseconds;
    sums.set(kernel, sum);
  }
  return [...sums]
    .map(([kernel, { calls, ms, bytes }]) => ({
      kernel,
      calls,
      ms,
      share: ms / all,
      gigabytes_per_second: bytes / ms / 1e6,
    }))
    .sort((a, b) => b.ms - a.ms);
}

/** The rows as lines of text. */
export function kernelTable(rows: readonly KernelRow[]): string[] {
  const width = Math.max(6, ...rows.map(({ kernel }) => kernel.length));
  const head = `${"kernel".padEnd(width)} ${"calls".padStart(6)} ${
    "ms".padStart(9)
  }  share    GB/s`;
  return [
    head,
    ...rows.map(({ kernel, calls, ms, share, gigabytes_per_second }) =>
      `${kernel.padEnd(width)} ${String(calls).padStart(6)} ${ms.toFixed(2).padStart(9)} ` +
      `${(100 * share).toFixed(1).padStart(5)} % ${gigabytes_per_second.toFixed(1).padStart(7)}`
    ),
  ];
}

/**
 * The profile in the format of chrome://tracing and ui.perfetto.dev: one complete event a
 * dispatch, one row for kernels and one for the work they belong to.
 */
export function chromeTrace(spans: readonly Span[], adapter: string): string {
  const event = (name: string, tid: number, start: number, ms: number, args: object) => ({
    name,
    ph: "X",
    pid: 1,
    tid,
    ts: 1000 * start,
    dur: 1000 * ms,
    args,
  });
  const label = (name: string, tid: number, text: string) => ({
    name,
    ph: "M",
    pid: 1,
    tid,
    args: { name: text },
  });
  const events: object[] = [
    label("process_name", 0, adapter),
    label("thread_name", 1, "kernels"),
    label("thread_name", 2, "work"),
  ];
  for (const { kernel, start, milliseconds, bytes } of spans) {
    events.push(event(kernel, 1, start, milliseconds, { bytes }));
  }
  for (let first = 0; first < spans.length;) {
    const { section, start } = spans[first];
    let end = first + 1;
    // Every piece of work has a section object of its own.
    while (section && spans[end]?.section === section) end++;
    if (section) {
      const last = spans[end - 1];
      const { family, shape, variant, flops } = section;
      const args = { shape, variant, flops };
      events.push(event(family, 2, start, last.start + last.milliseconds - start, args));
    }
    first = end;
  }
  return JSON.stringify({ traceEvents: events, displayTimeUnit: "ms" });
}
