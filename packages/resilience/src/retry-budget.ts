import { DEFAULTS } from './defaults.ts';
import { checkCap, checkCount, checkShare } from './options.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface RetryBudgetOptions {
  /** Retries that each successful call earns, 0 to 1. Default 0.1. */
  readonly ratio?: number;
  /** Most retries that the bucket holds: tens, not hundreds. 1,000 clients with full buckets are a storm of their own. Default 20. */
  readonly capacity?: number;
  /** Retries in the bucket at start: few, because a new process has no success to show. Default 3, or `capacity` if that is less. */
  readonly initial?: number;
}

/** A token bucket that bounds the load which retries may add. One per process and downstream, shared by all operations. */
export interface RetryBudget {
  /** A call succeeded. */
  earn(): void;
  /** Takes one retry if there is one. */
  spend(): boolean;
  /** Retries left, a fraction included. */
  readonly remaining: number;
  readonly capacity: number;
}

/**
 * Retries are earned per success, never per request. During an outage nothing is earned, so retries stop and the downstream can
 * recover. In an outage of N calls it sees at most N + capacity attempts.
 * @throws RangeError for an option out of range
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { ratio = DEFAULTS.retryRatio, capacity = DEFAULTS.retryBudget } = options;
  const { initial = Math.min(DEFAULTS.retryBudgetInitial, capacity) } = options;
  checkShare('ratio', ratio);
  checkCount('capacity', capacity);
  checkCount('initial', initial);
  checkCap('initial', initial, 'capacity', capacity);
  const bucket = createTokenBucket(capacity, initial);
  return {
    earn: () => bucket.add(ratio),
    spend: () => bucket.take(),
    get remaining() {
      return bucket.remaining;
    },
    capacity,
  };
}
