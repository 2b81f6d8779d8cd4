import { quantile } from '@halfopen/figures/statistics';
import { RECOVERY_WINDOW_MS, recoveryMs } from '@halfopen/testing';
import type { Phase } from '../experiment/phases.ts';
import type { Figures } from '../result/result.ts';
import { codeOf, type RawRun, seenBy } from './raw-run.ts';

/** The arrivals of a phase: from the first index up to, but not including, the second. */
export function rangeOf({ dueMs }: Pick<RawRun, 'dueMs'>, { fromS, toS }: Phase): readonly [number, number] {
  const from = dueMs.findIndex((due) => due >= fromS * 1_000);
  const to = dueMs.findIndex((due) => due >= toS * 1_000);
  return [from < 0 ? dueMs.length : from, to < 0 ? dueMs.length : to];
}

/**
 * All figures of a phase, from the requests that were *due* in it, whenever they were answered.
 *
 * - Latencies include failures, so that failing fast shows.
 * - Goodput: successes per second. Degraded answers do not count.
 * - Amplification: attempts that the greeters saw, divided by requests.
 * - Success per attempt: what callers get for the load. If a share f of the attempts fails independently, it is 1 - f,
 *   whatever the policy.
 */
export function figuresOf(run: RawRun, phase: Phase): Figures {
  const [from, to] = rangeOf(run, phase);
  const offered = to - from;
  const outcomes = run.outcome.subarray(from, to);
  const count = (code: number) => outcomes.reduce((sum, one) => sum + (one === code ? 1 : 0), 0);
  const share = (code: number) => (offered === 0 ? null : count(code) / offered);
  const took = run.tookMs.subarray(from, to);
  const attempts = attemptsIn(run, phase);
  const success = count(codeOf('success'));
  const recovery = phase.name === 'after' ? recoveryOf(run, phase) : null;
  return {
    offered,
    success: share(codeOf('success')),
    degraded: share(codeOf('degraded')),
    failed: share(codeOf('failed')),
    wrong: share(codeOf('wrong')),
    goodputPerS: success / (phase.toS - phase.fromS),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    p999Ms: quantile(took, 0.999),
    amplification: attempts === null || offered === 0 ? null : attempts / offered,
    successPerAttempt: attempts === null || attempts === 0 ? null : success / attempts,
    recoveryMs: recovery === null || !Number.isFinite(recovery) ? null : recovery,
    recovered: recovery === null ? null : Number.isFinite(recovery),
  };
}

/** @returns `Infinity` when it did not recover, `null` when too little was observed */
export function recoveryOf(run: RawRun, after: Phase): number | null {
  const success = codeOf('success');
  return recoveryMs(
    { dueMs: run.dueMs, succeeded: (index) => run.outcome[index] === success },
    recoveryFromMs(run, after),
    after.toS * 1_000,
  );
}

/** Recovery counts from the end of the last fault, wherever in the phase that was. */
function recoveryFromMs({ faultEndMs }: RawRun, after: Phase): number {
  return Math.max(faultEndMs, after.fromS * 1_000);
}

/**
 * Whether the run went on for longer than this after the fault. Otherwise a system that is back could still fail again
 * within the bound.
 */
export function observedRecoveryFor(run: RawRun, after: Phase, ms: number): boolean {
  return after.toS * 1_000 - recoveryFromMs(run, after) >= ms + RECOVERY_WINDOW_MS;
}

function attemptsIn(run: RawRun, phase: Phase): number | null {
  if (run.attempts !== undefined) {
    return run.attempts.subarray(...rangeOf(run, phase)).reduce((sum, one) => sum + one, 0);
  }
  const [from, to] = [seenBy(run.attemptsSeen, phase.fromS * 1_000), seenBy(run.attemptsSeen, phase.toS * 1_000)];
  return from === null || to === null ? null : to - from;
}
