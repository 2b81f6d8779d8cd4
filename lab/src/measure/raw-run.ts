import type { Requests } from '../result/packed-requests.ts';
import { type EndpointState, OUTCOMES, type Outcome } from '../result/result.ts';

/** One run of one variant, as it was measured. Each entry of an array is one arrival of the measured phases. */
export interface RawRun extends Requests {
  readonly seed: number;
  /** How late the load generator sent each request. */
  readonly latenessMs: Float64Array;
  /** Attempts that had been seen by a moment, ascending, in milliseconds on the time axis. */
  readonly attemptsSeen: readonly Seen[];
  /** What the edge said of its breaker and budget. */
  readonly edge: readonly EdgeSample[];
  /** Of the greeters in their order, as the edge finds them. */
  readonly greeterUrls: readonly string[];
  /** When the last fault had really ended, in milliseconds on the time axis; recovery counts from here. */
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

/** How many attempts had been seen by then, in a straight line between two counts; `null` where nobody counted. */
export function seenBy(seen: readonly Seen[], atMs: number): number | null {
  const next = seen.findIndex((one) => one.atMs >= atMs);
  if (seen.length === 0) return null;
  const right = seen[next < 0 ? seen.length - 1 : next] as Seen;
  const left = seen[Math.max(0, (next < 0 ? seen.length : next) - 1)] as Seen;
  if (right.atMs <= left.atMs || atMs >= right.atMs) return right.total;
  return left.total + ((right.total - left.total) * (atMs - left.atMs)) / (right.atMs - left.atMs);
}
