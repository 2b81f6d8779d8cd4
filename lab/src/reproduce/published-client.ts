import { compose, type DownstreamPolicies, deadline, type Policy, type RetryBudget, retry } from '@halfopen/client';
import { type Configuration, unlimitedRetries } from '@halfopen/simulator';

export interface PublishedClientOptions {
  /** Attempts of a call, the first included. */
  readonly attempts: number;
  /** Milliseconds of each attempt. */
  readonly attemptTimeoutMs: number;
  /** Upper bound of the first back-off, which doubles. Default 0: at once. */
  readonly backoffBaseMs?: number;
  /** Makes the budget of a client, and what surrounds a call of it. Default: pays for everything. */
  readonly budget?: () => PaidBy;
}

interface PaidBy {
  readonly budget: RetryBudget;
  /** Wraps the whole call. Default: nothing does. */
  readonly around?: Policy;
}

/** Longer than any run. */
const NO_DEADLINE_MS = 1e9;
const NO_CAP_MS = 1e9;

/** The client of a published simulation: attempts with a timeout, and what pays for them. Everything else of ours is off. */
export function publishedClient(options: PublishedClientOptions): Configuration {
  const { attempts, attemptTimeoutMs, backoffBaseMs = 0, budget: budgetOf } = options;
  return ({ clock, random }) => {
    const { budget, around = asItIs }: PaidBy = budgetOf?.() ?? { budget: unlimitedRetries };
    return {
      attemptTimeoutMs,
      deadlineMs: NO_DEADLINE_MS,
      breakerMinimumCalls: Number.MAX_SAFE_INTEGER,
      order: ({ observeCall, discovery, balancer, attemptTimeout, observeAttempt }: DownstreamPolicies) =>
        compose(
          observeCall,
          deadline({ timeoutMs: NO_DEADLINE_MS, clock }),
          around,
          retry({ attempts, baseMs: backoffBaseMs, capMs: NO_CAP_MS, budget, clock, random }),
          discovery,
          balancer,
          attemptTimeout,
          observeAttempt,
        ),
    };
  };
}

const asItIs: Policy = (next) => next;
