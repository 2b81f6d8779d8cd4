import type { Requests } from '../result/packed-requests.ts';
import { type EndpointState, OUTCOMES, type Outcome } from '../result/result.ts';

/** One run of one variant, as it was measured. Each entry of an array is one arrival of the measured phases. */
export interface RawRun extends Requests {
  readonly seed: number;
  /** How late the load generator sent each request. */
  readonly latenessMs: Float64Array;
  /** Running total of the attempts seen, ascending, in milliseconds on the time axis. */
  readonly attemptsSeen: readonly Seen[];
  /** Samples of the edge's breaker and budget. */
  readonly edge: readonly EdgeSample[];
  /** The greeters' addresses as the edge knows them, in order. */
  readonly greeterUrls: readonly string[];
  /** When the last fault had really ended, in milliseconds on the time axis. Recovery counts from here. */
  readonly faultEndMs: number;
}

export interface Seen {
  readonly atMs: number;
  readonly total: number;
}

export interface EdgeSample {
  readonly atMs: number;
  readonly breaker: 'closed' | 'open' | 'half_open';
  readonly retryBudget: number;
  /** In the order in which the edge names them. */
  readonly endpoints: readonly { readonly url: string; readonly state: EndpointState }[];
}

export const codeOf = (outcome: Outcome) => OUTCOMES.indexOf(outcome);

/** How many attempts had been seen by then, interpolated between two counts; `null` when there are no counts. */
export function seenBy(seen: readonly Seen[], atMs: number): number | null {
  const next = seen.findIndex((one) => one.atMs >= atMs);
  if (seen.length === 0) return null;
  const right = seen[next < 0 ? seen.length - 1 : next] as Seen;
  const left = seen[Math.max(0, (next < 0 ? seen.length : next) - 1)] as Seen;
  if (right.atMs <= left.atMs || atMs >= right.atMs) return right.total;
  return left.total + ((right.total - left.total) * (atMs - left.atMs)) / (right.atMs - left.atMs);
}

/** How many attempts had been seen by each whole second. @param atMs when each was seen, on the time axis */
export function totalsBySecond(atMs: readonly number[], endS: number): Seen[] {
  const sorted = atMs.toSorted((a, b) => a - b);
  const seconds = Array.from({ length: Math.ceil(endS) + 1 }, (_, second) => second * 1_000);
  let total = 0;
  return seconds.map((secondMs) => {
    while (total < sorted.length && (sorted[total] as number) < secondMs) total++;
    return { atMs: secondMs, total };
  });
}
