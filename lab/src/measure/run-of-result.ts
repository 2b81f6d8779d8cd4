import { unpackRequests } from '../result/packed-requests.ts';
import type { ExperimentResult, RunResult } from '../result/result.ts';
import type { RawRun, Seen } from './raw-run.ts';

/**
 * The run that a result was made from, as far as the result holds it. Attempts that could not be counted one by one
 * come from the timeline, second by second.
 */
export function rawRunOf(run: RunResult, phases: ExperimentResult['phases']): RawRun {
  const requests = unpackRequests(run.requests);
  return {
    seed: run.seed,
    ...requests,
    latenessMs: new Float64Array(),
    attemptsSeen: runningTotals(run.timeline.attempts),
    edge: [],
    greeterUrls: [],
    faultEndMs: 1_000 * (phases.find(({ name }) => name === 'after')?.fromS ?? 0),
  };
}

/** @returns an empty list when a second is missing, because later counts cannot be told apart from those in it */
function runningTotals(perSecond: readonly (number | null)[]): Seen[] {
  const seen: Seen[] = [{ atMs: 0, total: 0 }];
  for (const [second, count] of perSecond.entries()) {
    if (count === null) return [];
    seen.push({ atMs: (second + 1) * 1_000, total: (seen.at(-1)?.total ?? 0) + count });
  }
  return seen;
}
