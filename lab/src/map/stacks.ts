import { compose, type DownstreamPolicies, deadline, retry } from '@halfopen/client';
import { type Configuration, naiveRetry, standard, unlimitedRetries } from '@halfopen/simulator';

export interface Stack {
  readonly id: string;
  readonly title: string;
  /** What it is, in a line below the title. */
  readonly note: string;
  readonly configuration: Configuration;
}

/** Milliseconds of axios's `timeout`, which counts for a call with all its retries. */
const TUTORIAL_TIMEOUT_MS = 1_000;

/**
 * axios with a timeout and axios-retry with `retries: 3`. By default it retries at once, what was answered with a 5xx or could not be
 * sent, but no timeout; and its timeout is that of all attempts together.
 */
const tutorial: Configuration = ({ clock, random }) => ({
  deadlineMs: TUTORIAL_TIMEOUT_MS,
  attemptTimeoutMs: TUTORIAL_TIMEOUT_MS,
  breakerMinimumCalls: Number.MAX_SAFE_INTEGER,
  order: ({ observeCall, discovery, balancer, observeAttempt }: DownstreamPolicies) =>
    compose(
      observeCall,
      deadline({ timeoutMs: TUTORIAL_TIMEOUT_MS, clock }),
      retry({ attempts: 4, baseMs: 0, capMs: 0, budget: unlimitedRetries, clock, random }),
      discovery,
      balancer,
      observeAttempt,
    ),
});

/** The stacks of the map, each a panel. */
export const STACKS: readonly Stack[] = [
  {
    id: 'tutorial',
    title: 'axios and axios-retry',
    note: '3 retries of errors, 1 s in all',
    configuration: tutorial,
  },
  {
    id: 'budgetless',
    title: 'Retries without a budget',
    note: '3 attempts of 500 ms each',
    configuration: naiveRetry({ attempts: 3, attemptTimeoutMs: 500 }),
  },
  { id: 'standard', title: 'Halfopen', note: 'the standard policy', configuration: standard },
  {
    id: 'patience',
    title: 'Halfopen, patient',
    note: 'with patience, off by default',
    configuration: { patience: true },
  },
];
