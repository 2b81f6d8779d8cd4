import type { AbortWhen } from '../experiment/format.ts';
import type { Phase } from '../experiment/phases.ts';
import type { FaultTimes } from '../faults/player.ts';
import type { Measured, Progress } from '../load/protocol.ts';
import { rangeOf } from '../measure/figures.ts';
import { quantile } from '../measure/quantile.ts';
import type { Sampler } from './sampler.ts';

/** A fault that came later than this makes a timeline that was not asked for. */
const MOST_FAULT_DELAY_MS = 500;

/** @returns why the system, or this machine, is in no state to be experimented with */
export function unsteady(progress: Progress | undefined, maxLatenessMs: number): string | undefined {
  const before = progress?.phases.before;
  if (progress === undefined || before === undefined || before.answered === 0) {
    return 'No steady state: not one request of the phase before was answered.';
  }
  // First: on a machine that has no time for the runner, the system has none either, and its failures are not its own.
  if (progress.latenessP99Ms > maxLatenessMs) {
    return `This machine is too slow or too busy: before anything was broken, requests were sent up to ${progress.latenessP99Ms.toFixed(0)} ms late (p99; at most ${maxLatenessMs} ms may be).`;
  }
  if (before.success < before.answered) {
    return `No steady state: ${before.answered - before.success} of ${before.answered} requests did not succeed before anything was broken.`;
  }
  return undefined;
}

/** Phase by phase, as figures are: a pause of 100 ms is nothing in a minute, and decides the p99 of the eight seconds it falls into. */
export function tooLate(
  { dueMs, latenessMs }: Pick<Measured, 'dueMs' | 'latenessMs'>,
  phases: readonly Phase[],
  maxLatenessMs: number,
): string[] {
  return phases.flatMap((phase) => {
    const p99 = quantile(latenessMs.subarray(...rangeOf({ dueMs }, phase)), 0.99) ?? 0;
    if (p99 <= maxLatenessMs) return [];
    return [
      `This machine was too slow or too busy: in the phase ${phase.name}, requests were sent up to ${p99.toFixed(0)} ms late (p99; at most ${maxLatenessMs} ms may be).`,
    ];
  });
}

export function lateFaults(faults: readonly FaultTimes[]): string[] {
  return faults.flatMap(({ label, span, appliedAtMs }) => {
    const lateMs = appliedAtMs - span.fromS * 1_000;
    return span.fromS >= 0 && lateMs > MOST_FAULT_DELAY_MS
      ? [`The fault ${label} came ${lateMs.toFixed(0)} ms late.`]
      : [];
  });
}

export function limitReached(
  limits: AbortWhen | undefined,
  { recent, inFlight, atS }: Progress,
  { edgeRssBytes }: Pick<Sampler, 'edgeRssBytes'>,
): string | undefined {
  const { failedShare, inFlight: mostInFlight, edgeRssBytes: mostBytes } = limits ?? {};
  const at = `at ${atS.toFixed(1)} s`;
  if (failedShare !== undefined && recent.answered >= 20 && recent.bad / recent.answered > failedShare) {
    return `Stopped ${at}: ${((100 * recent.bad) / recent.answered).toFixed(1)} % of the last ${recent.answered} answers failed (abortWhen.failedShare).`;
  }
  if (mostInFlight !== undefined && inFlight > mostInFlight) {
    return `Stopped ${at}: ${inFlight} requests were waiting for an answer (abortWhen.inFlight).`;
  }
  if (mostBytes !== undefined && edgeRssBytes !== undefined && edgeRssBytes > mostBytes) {
    return `Stopped ${at}: the edge held ${edgeRssBytes} bytes (abortWhen.edgeRssBytes).`;
  }
  return undefined;
}
