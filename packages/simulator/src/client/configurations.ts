import { compose, createBreaker, type DownstreamPolicies, deadline, type RetryBudget, retry } from '@halfopen/client';
import type { Configuration, PolicyOptions } from './simulated-client.ts';

/** The standard policy, with every default. */
export const standard: PolicyOptions = {};

/** A bare call: no timeout, no retry, no breaker. */
export const none: PolicyOptions = { policy: 'none' };

/** Pays for every retry: what a stack without a budget has. */
export const unlimitedRetries: RetryBudget = {
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
          budget: unlimitedRetries,
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

/** opossum's defaults, and those of its README. */
const TUTORIAL = { timeoutMs: 3_000, retries: 3, failureRate: 0.5, openMs: 30_000 };

/**
 * The stack of the tutorials: three retries at once (axios-retry's default) inside a breaker with a timeout of 3 s, which opens above half of
 * the calls, from the first one on, for 30 s (opossum's README). The breaker is ours with those numbers, because opossum's timers know only
 * the clock of the process. It is kinder than opossum in one thing: a call that is out of time is really aborted.
 */
export const tutorialStack: Configuration = ({ clock, random, onEvent }) => {
  const { timeoutMs, retries, failureRate, openMs } = TUTORIAL;
  const breaker = createBreaker({
    minimumCalls: 1,
    failureRate,
    openMs,
    maxOpenMs: openMs,
    attemptTimeoutMs: timeoutMs,
    slowShare: 1,
    clock,
    random,
    onEvent,
  });
  return {
    deadlineMs: timeoutMs,
    attemptTimeoutMs: timeoutMs,
    breakerMinimumCalls: Number.MAX_SAFE_INTEGER,
    order: ({ observeCall, discovery, balancer, observeAttempt }) =>
      compose(
        observeCall,
        breaker.policy,
        deadline({ timeoutMs, clock }),
        retry({ attempts: 1 + retries, baseMs: 0, capMs: 0, budget: unlimitedRetries, clock, random, onEvent }),
        discovery,
        balancer,
        observeAttempt,
      ),
  };
};
