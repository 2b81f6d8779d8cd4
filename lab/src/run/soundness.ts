import { quantile } from '@halfopen/figures/statistics';
import type { AbortWhen } from '../experiment/format.ts';
import type { Phase } from '../experiment/phases.ts';
import type { FaultTimes } from '../faults/player.ts';
import type { Measured, Progress } from '../load/protocol.ts';
import { reasonsText } from '../load/reasons.ts';
import { rangeOf } from '../measure/figures.ts';
import { codeOf } from '../measure/raw-run.ts';
import type { Reason } from '../result/result.ts';
import type { Sampler } from './sampler.ts';

/** Why a run gives no verdict. */
export interface Unsound {
  readonly reason: Reason;
  /** A sentence. */
  readonly why: string;
}

/** The steady state is checked this long before the fault, so that requests which the fault hits are not included. */
export const LOOK_BEFORE_MS = 30;
/** A fault that was applied or undone later than this changes the experiment. */
const MOST_FAULT_DELAY_MS = 500;
/** A fault that was applied or undone later than this blurs the edge of a phase, which the result mentions. */
const WORTH_SAYING_MS = 100;

/** @returns why the system or this machine is not fit for an experiment; `undefined` when it is */
export function unsteady(progress: Progress | undefined, maxLatenessMs: number): Unsound | undefined {
  const before = progress?.phases.before;
  if (progress === undefined || before === undefined || before.answered === 0) {
    return { reason: 'unsteady', why: 'No steady state: no request of the phase before was answered.' };
  }
  // Checked first: on a machine that has no time for the load generator, the system has none either, and its failures
  // are not its own.
  if (progress.latenessP99Ms > maxLatenessMs) {
    return {
      reason: 'late',
      why: `This machine is too slow or too busy: before anything was broken, requests were sent up to ${progress.latenessP99Ms.toFixed(0)} ms late (p99; load.maxLatenessMs allows ${maxLatenessMs} ms).`,
    };
  }
  // A request that hangs from the beginning only counts as answered once its caller has left.
  if (progress.longestWaitMs > healthyWaitMs(before.slowestMs)) {
    return {
      reason: 'unsteady',
      why: `No steady state: before anything was broken, a request had waited for ${progress.longestWaitMs.toFixed(0)} ms, and the slowest that succeeded took ${before.slowestMs.toFixed(0)} ms.`,
    };
  }
  if (before.success < before.answered) {
    return {
      reason: 'unsteady',
      why: `No steady state: ${before.answered - before.success} of ${before.answered} requests did not succeed before anything was broken${reasonsText(progress.whyNot)}.`,
    };
  }
  return undefined;
}

/** In a healthy system nothing waits longer than this. A request that a fault has just hit has waited less. */
function healthyWaitMs(slowestSuccessMs: number): number {
  return Math.max(500, 2 * slowestSuccessMs);
}

/**
 * Checks the steady state again, now that the outcome of every request is known: those that ended before the first
 * fault, and those that had already waited longer than any healthy one, must have succeeded.
 */
export function wasUnsteady(
  { dueMs, tookMs, outcome, whyNot }: Pick<Measured, 'dueMs' | 'tookMs' | 'outcome' | 'whyNot'>,
  before: Phase,
  faults: readonly Pick<FaultTimes, 'span'>[],
): Unsound[] {
  // A fault that is active all the time is part of the steady state.
  const came = faults.filter(({ span }) => span.fromS >= 0).map(({ span }) => span.fromS);
  const brokenAtMs = Math.min(before.toS, ...came) * 1_000 - LOOK_BEFORE_MS;
  const success = codeOf('success');
  const indexes = Array.from(dueMs.subarray(...rangeOf({ dueMs }, before)).keys());
  const endedAtMs = (index: number) => (dueMs[index] ?? 0) + (tookMs[index] ?? 0);
  const slowestMs = Math.max(
    0,
    ...indexes
      .filter((index) => outcome[index] === success && endedAtMs(index) < brokenAtMs)
      .map((index) => tookMs[index] ?? 0),
  );
  const bad = indexes.filter(
    (index) =>
      outcome[index] !== success &&
      (endedAtMs(index) < brokenAtMs || brokenAtMs - (dueMs[index] ?? 0) > healthyWaitMs(slowestMs)),
  );
  if (bad.length === 0) return [];
  return [
    {
      reason: 'unsteady',
      why: `No steady state: ${bad.length} of ${indexes.length} requests of the phase before did not succeed, and no fault had hit them${reasonsText(whyNot)}.`,
    },
  ];
}

/** By phase, like the figures: a pause of 100 ms is nothing in a minute, but it decides the p99 of eight seconds. */
export function tooLate(
  { dueMs, latenessMs }: Pick<Measured, 'dueMs' | 'latenessMs'>,
  phases: readonly Phase[],
  maxLatenessMs: number,
): Unsound[] {
  return phases.flatMap((phase) => {
    const p99 = quantile(latenessMs.subarray(...rangeOf({ dueMs }, phase)), 0.99) ?? 0;
    if (p99 <= maxLatenessMs) return [];
    return [
      {
        reason: 'late',
        why: `This machine was too slow or too busy: in the phase ${phase.name}, requests were sent up to ${p99.toFixed(0)} ms late (p99; load.maxLatenessMs allows ${maxLatenessMs} ms).`,
      },
    ];
  });
}

/** Faults so far off their schedule that the figures do not belong to the experiment. */
export function lateFaults(faults: readonly FaultTimes[], endS: number): Unsound[] {
  return (
    offTimeline(faults, endS, MOST_FAULT_DELAY_MS)
      // A killed process stays broken until it listens again; how long that takes is part of what is measured.
      .filter(({ edge, fault }) => edge === 'began' || !fault.restarts)
      .map(({ why }) => ({ reason: 'fault_off_time', why }))
  );
}

/** Mentions faults that were not active exactly when planned. */
export function faultRemarks(faults: readonly FaultTimes[], endS: number): string[] {
  return offTimeline(faults, endS, WORTH_SAYING_MS).map(({ why }) => why);
}

function offTimeline(faults: readonly FaultTimes[], endS: number, mostMs: number) {
  return faults.flatMap((fault) => {
    const { label, span, inForceAtMs, undoneAtMs } = fault;
    const edges = [
      { edge: 'began', dueMs: span.fromS * 1_000, atMs: inForceAtMs },
      { edge: 'ended', dueMs: span.toS * 1_000, atMs: undoneAtMs },
    ] as const;
    return edges.flatMap(({ edge, dueMs, atMs }) => {
      // No moment is defined before the warm-up or after the last arrival.
      if (dueMs === Number.NEGATIVE_INFINITY || dueMs >= endS * 1_000 || atMs === undefined) return [];
      const lateMs = atMs - dueMs;
      if (Math.abs(lateMs) <= mostMs) return [];
      const by = `${Math.abs(lateMs).toFixed(0)} ms ${lateMs > 0 ? 'late' : 'early'}`;
      return [
        {
          edge,
          fault,
          why: `The fault ${label} ${edge} ${by}: at ${(atMs / 1_000).toFixed(2)} s instead of ${dueMs / 1_000} s.`,
        },
      ];
    });
  });
}

export function limitReached(
  limits: AbortWhen | undefined,
  { recent, inFlight, atS }: Progress,
  { edgeRssBytes }: Pick<Sampler, 'edgeRssBytes'>,
): Unsound | undefined {
  const { failedShare, inFlight: mostInFlight, edgeRssBytes: mostBytes } = limits ?? {};
  const at = `at ${atS.toFixed(1)} s`;
  if (failedShare !== undefined && recent.answered >= 20 && recent.bad / recent.answered > failedShare) {
    return {
      reason: 'limit',
      why: `Stopped ${at}: ${((100 * recent.bad) / recent.answered).toFixed(1)} % of the last ${recent.answered} requests failed${reasonsText(recent.whyBad)}; abortWhen.failedShare is ${failedShare}.`,
    };
  }
  if (mostInFlight !== undefined && inFlight > mostInFlight) {
    return {
      reason: 'limit',
      why: `Stopped ${at}: ${inFlight} requests were waiting for an answer${recent.bad === 0 ? '' : `, and ${recent.bad} had failed${reasonsText(recent.whyBad)}`}; abortWhen.inFlight is ${mostInFlight}.`,
    };
  }
  if (mostBytes !== undefined && edgeRssBytes !== undefined && edgeRssBytes > mostBytes) {
    return {
      reason: 'limit',
      why: `Stopped ${at}: the edge held ${edgeRssBytes} bytes; abortWhen.edgeRssBytes is ${mostBytes}.`,
    };
  }
  return undefined;
}
