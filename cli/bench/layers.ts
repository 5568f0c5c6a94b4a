import { type LayerRow, type Roof, timeLayer } from "../../bench/layers.ts";
import { copyBandwidth } from "../../bench/measure.ts";
import { type NetworkOptions, OurNetwork } from "../../bench/network.ts";
import { registerPeak } from "../../bench/register_peak.ts";
import { rooflineChart } from "../../bench/roofline.ts";
import { writeAtomically } from "../../weights/atomic_write.ts";
import { type BenchContext, scatter } from "./context.ts";
import { tellResult } from "../progress.ts";

/** Each distinct convolution of a network's training step by itself, in each direction. */
export async function benchLayers(settings: NetworkOptions, context: BenchContext) {
  const { gpu, progress, options, repetitions } = context;
  const ours = new OurNetwork(gpu, settings);
  const works = await ours.works("training step");
  ours.close();
  const roof: Roof = { peak: await registerPeak(gpu), bandwidth: await copyBandwidth(gpu) };
  tellResult(
    `register peak: ${(roof.peak / 1e9).toFixed(0)} GFLOP/s, ` +
      `copy: ${(roof.bandwidth / 1e9).toFixed(1)} GB/s`,
  );
  const results: LayerRow[] = [];
  for (const [i, work] of works.entries()) {
    progress.update("layers", i / works.length, `${i} of ${works.length}`);
    results.push(await timeLayer(gpu, work, { roof, repetitions }));
  }
  results.sort((a, b) => a.name.localeCompare(b.name) || b.peak_share - a.peak_share);
  for (const line of table(results)) tellResult(line);
  const chart = options.text("chart");
  if (chart !== undefined) {
    const { batch, size } = settings;
    const title = `${settings.network}, ${batch} × ${size}×${size}, on ${gpu.adapter.description}`;
    await writeAtomically(chart, new TextEncoder().encode(rooflineChart(results, roof, title)));
    tellResult(`roofline chart: ${chart}`);
  }
  return {
    peak_gflops: roof.peak / 1e9,
    copy_gigabytes_per_second: roof.bandwidth / 1e9,
    network: settings,
    results,
    chart: chart ?? null,
  };
}

function table(rows: readonly LayerRow[]): string[] {
  const wide = Math.max(5, ...rows.map(({ shape }) => shape.length));
  const lines: string[] = [];
  let name = "";
  for (const row of rows) {
    if (row.name !== name) {
      name = row.name;
      lines.push(
        "",
        `${name}`,
        `  ${"shape".padEnd(wide)} times        ms  GFLOP/s  peak  bandwidth  variant`,
      );
    }
    const { shape, count, ours_ms, gflops, peak_share, bandwidth_share, variant, spread } = row;
    lines.push(
      `  ${shape.padEnd(wide)} ${String(count).padStart(5)} ${ours_ms.toFixed(2).padStart(9)} ` +
        `${gflops.toFixed(1).padStart(8)} ${(100 * peak_share).toFixed(0).padStart(3)} % ` +
        `${(100 * bandwidth_share).toFixed(0).padStart(8)} %  ${variant} ${scatter(spread)}`,
    );
  }
  const bySpeed = [...rows].sort((a, b) => a.peak_share - b.peak_share);
  const says = (row: LayerRow) =>
    `${row.name} ${row.shape}, ${(100 * row.peak_share).toFixed(0)} % of the peak`;
  lines.push("", `best: ${says(bySpeed.at(-1)!)}`, `worst: ${says(bySpeed[0])}`);
  return lines;
}
