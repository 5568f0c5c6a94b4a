import { coldStart } from "../../bench/cold_start.ts";
import { profile } from "../../bench/measure.ts";
import { type NetworkOptions, OurNetwork } from "../../bench/network.ts";
import { openPeer, type PeerName } from "../../bench/peers/open.ts";
import { compare, race, type Row } from "../../bench/race.ts";
import { registerPeak } from "../../bench/register_peak.ts";
import { median } from "../../bench/statistics.ts";
import { showProfile } from "../profile.ts";
import { type BenchContext, scatter, speed } from "./context.ts";
import { tellResult } from "../progress.ts";
import { stoppedStatus, untilInterrupted } from "../interrupts.ts";

/** Whole passes and steps, beside a peer where one is named. */
export async function benchNetwork(settings: NetworkOptions, context: BenchContext) {
  const { gpu, progress, options, repetitions } = context;
  const peerName = options.text("peer") as PeerName | undefined;
  // Before the peer is there: its threads would take processor time from a software adapter.
  const peak = await registerPeak(gpu);
  tellResult(`register peak: ${(peak / 1e9).toFixed(0)} GFLOP/s`);
  const ours = new OurNetwork(gpu, settings);
  const data = peerName ? await ours.share() : null;
  const peer = peerName && data ? await openPeer(peerName, settings, data) : null;
  try {
    const difference = peer ? await compare(ours, peer) : null;
    if (difference !== null) {
      tellResult(`logits agree with ${peer!.name} to ${difference.toExponential(1)}`);
    }
    const results: Row[] = [];
    const recording: number[] = [];
    for (const phase of Object.keys(ours.phases)) {
      const works = await ours.works(phase);
      const flops = works.reduce(
        (sum, { work: { family, problem }, count }) => sum + count * family.flops(problem),
        0,
      );
      const row = await race(ours, peer, {
        phase,
        repetitions,
        flops,
        peak,
        onRound: (done) => progress.update(phase, done / repetitions, `${done} of ${repetitions}`),
        onOurs: () => phase === "training step" && recording.push(ours.recording),
      });
      results.push(row);
      tellResult(describe(row));
    }
    const step = results.find(({ name }) => name === "training step")!;
    const recordingTime = median(recording);
    const recordingShare = recordingTime / step.ours_ms;
    tellResult(
      `recording a training step takes the processor ${recordingTime.toFixed(1)} ms, ` +
        `${(100 * recordingShare).toFixed(1)} % of the step`,
    );
    if (options.flag("cold") && data) {
      // It takes a minute and leaves a model of 100 MB until then.
      const cold = await untilInterrupted(
        () => coldStart(settings, data),
        () => Deno.exit(stoppedStatus()),
      );
      results.push(cold);
      tellResult(describe(cold));
    }
    return {
      peak_gflops: peak / 1e9,
      network: settings,
      logits_difference: difference,
      results,
      recording_ms: recordingTime,
      recording_share: recordingShare,
    };
  } finally {
    ours.close();
    await peer?.close();
  }
}

/** Time of each kernel of a training step. */
export async function profileNetwork(settings: NetworkOptions, context: BenchContext) {
  const { gpu, options } = context;
  const ours = new OurNetwork(gpu, settings);
  try {
    ours.step();
    await gpu.idle();
    const spans = await profile(gpu, () => ours.step());
    const trace = options.text("trace");
    const adapter = gpu.adapter.description;
    const kernels = await showProfile(spans, { adapter, trace });
    return { network: settings, kernels, trace: trace ?? null };
  } finally {
    ours.close();
  }
}

function describe(row: Row): string {
  const { name, peer, peer_ms, ratio, spread } = row;
  const ours = `${name.padEnd(14)} ${speed(row, { spread: spread.ours, digits: 1 })}`;
  if (!peer) return ours;
  return `${ours}; ${peer} ${peer_ms!.toFixed(0)} ms ${scatter(spread.peer!)}: ` +
    `${ratio!.toFixed(1)}×`;
}
