import type { EndpointState, Outcome } from '../result.ts';
import { OUTCOMES } from '../result.ts';

/** What one run of one variant gave, before anything is made of it. */
export interface RawRun {
  readonly seed: number;
  /** One entry an arrival of the measured phases. */
  readonly dueMs: Float64Array;
  /** Index into `OUTCOMES`. */
  readonly outcome: Uint8Array;
  readonly tookMs: Float64Array;
  readonly latenessMs: Float64Array;
  /** How many attempts the greeters saw of each; `undefined` where nobody could count them one by one. */
  readonly attempts: Uint16Array | undefined;
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
