import type { Journal, Outcome } from './journal.ts';

/** The figures of the calls that were due in a span of time. */
export interface Figures {
  /** Calls that were due. */
  readonly offered: number;
  readonly succeeded: number;
  /** Share of the calls that succeeded. NaN when there were none. */
  readonly success: number;
  /** Calls a second that succeeded. */
  readonly goodputPerS: number;
  /** Attempts sent per call: how many times the load the servers get. */
  readonly attemptsPerCall: number;
  /** Median of all durations, successes and failures, in milliseconds. `null` when no call has ended. */
  readonly p50Ms: number | null;
  /** 99th percentile of all durations, successes and failures, in milliseconds. */
  readonly p99Ms: number | null;
  /** How many calls had each outcome. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

/** @param fromMs milliseconds since the world began; calls that were due then or later count @param toMs where the span ends */
export function figuresBetween(journal: Journal, fromMs: number, toMs: number): Figures {
  const first = journal.firstDueAt(fromMs);
  const end = journal.firstDueAt(toMs);
  const { tookMs } = journal;
  const durations: number[] = [];
  const outcomes: Partial<Record<Outcome, number>> = {};
  let attempts = 0;
  for (let index = first; index < end; index++) {
    const outcome = journal.outcomeOf(index);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    attempts += journal.attemptsOf(index);
    if (outcome !== 'pending') durations.push(tookMs[index] as number);
  }
  const offered = end - first;
  const succeeded = outcomes.ok ?? 0;
  const sorted = Float64Array.from(durations).toSorted();
  return {
    offered,
    succeeded,
    success: succeeded / offered,
    goodputPerS: (1_000 * succeeded) / (toMs - fromMs),
    attemptsPerCall: attempts / offered,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    outcomes,
  };
}

/** By nearest rank, without interpolation: a value that occurred. @param sorted ascending */
function percentile(sorted: ArrayLike<number>, share: number): number | null {
  // Without the rounding, 0.99 × 200 is 198.00000000000003 and the rank is one too high.
  const rank = Math.ceil(Number((share * sorted.length).toPrecision(12)));
  return sorted[Math.max(0, rank - 1)] ?? null;
}
