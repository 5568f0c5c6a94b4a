import { byKernel, chromeTrace, type KernelRow, kernelTable } from "../bench/profile_table.ts";
import type { Span } from "../engine/profiler.ts";
import { writeAtomically } from "../weights/atomic_write.ts";
import { tellResult } from "./progress.ts";

/**
 * Prints the time of each kernel and, where a file is given, leaves the profile as a Chrome trace.
 *
 * @returns the rows of the table
 */
export async function showProfile(
  spans: readonly Span[],
  { adapter, trace }: { readonly adapter: string; readonly trace?: string },
): Promise<KernelRow[]> {
  const kernels = byKernel(spans);
  for (const line of kernelTable(kernels)) tellResult(line);
  if (trace !== undefined) {
    await writeAtomically(trace, new TextEncoder().encode(chromeTrace(spans, adapter)));
    tellResult(`trace for chrome://tracing or ui.perfetto.dev: ${trace}`);
  }
  return kernels;
}
