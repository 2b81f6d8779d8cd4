export interface RetryBudgetOptions {
  /** Retries that each successful call earns. */
  readonly ratio: number;
  /** The most retries the bucket holds: tens, not hundreds. Full private buckets in 1,000 clients are a storm of their own. */
  readonly capacity: number;
  /** Retries the bucket starts with: nearly none, because a process that has just started has no success to show. */
  readonly initial: number;
}

/** A token bucket that bounds the load retries may add. One per process and downstream, shared by all its operations. */
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
 * Earned per success, never per request: during an outage nothing is earned, so retries stop and the overloaded side
 * can come back. In an outage of N calls the other side sees at most N + capacity attempts.
 */
export function createRetryBudget({ ratio, capacity, initial }: RetryBudgetOptions): RetryBudget {
  // Counted in millionths: 0.1 earned ten times must be a whole retry, which floating point does not promise.
  const unit = 1_000_000;
  const earned = Math.round(ratio * unit);
  const most = capacity * unit;
  let tokens = Math.min(initial * unit, most);
  return {
    earn() {
      tokens = Math.min(most, tokens + earned);
    },
    spend() {
      if (tokens < unit) return false;
      tokens -= unit;
      return true;
    },
    get remaining() {
      return tokens / unit;
    },
    capacity,
  };
}
