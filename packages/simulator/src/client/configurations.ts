import { compose, type DownstreamPolicies, deadline, type RetryBudget, retry } from '@halfopen/client';
import type { Configuration, PolicyOptions } from './simulated-client.ts';

/** The standard policy, with every default. */
export const standard: PolicyOptions = {};

/** A bare call: no timeout, no retry, no breaker. */
export const none: PolicyOptions = { policy: 'none' };

/** Pays for every retry: what a stack without a budget has. */
const UNLIMITED: RetryBudget = {
  earn: () => {},
  spend: () => true,
  remaining: Number.POSITIVE_INFINITY,
  capacity: Number.POSITIVE_INFINITY,
};

export interface NaiveRetryOptions {
  /** Attempts of a call, the first included. Default 3. */
  readonly attempts?: number;
  /** Milliseconds of each attempt. Default 500. */
  readonly attemptTimeoutMs?: number;
  /** Upper bound of the first back-off, which doubles with each retry. Default 0: retries at once. */
  readonly backoffBaseMs?: number;
}

/** What people write first: so many attempts, each with a timeout. No budget, no breaker, no bound on calls in flight. */
export function naiveRetry({
  attempts = 3,
  attemptTimeoutMs = 500,
  backoffBaseMs = 0,
}: NaiveRetryOptions = {}): Configuration {
  const longestMs = attempts * attemptTimeoutMs + backoffBaseMs * 2 ** attempts;
  return ({ clock, random }) => ({
    attemptTimeoutMs,
    deadlineMs: longestMs,
    breakerMinimumCalls: Number.MAX_SAFE_INTEGER,
    order: ({ observeCall, discovery, balancer, attemptTimeout, observeAttempt }: DownstreamPolicies) =>
      compose(
        observeCall,
        deadline({ timeoutMs: longestMs, clock }),
        retry({
          attempts,
          baseMs: backoffBaseMs,
          capMs: backoffBaseMs * 2 ** attempts,
          budget: UNLIMITED,
          clock,
          random,
        }),
        discovery,
        balancer,
        attemptTimeout,
        observeAttempt,
      ),
  });
}
