import type { BreakerState, Policy, PolicyListener } from '@halfopen/resilience';

/** What can be read of one downstream at any time. */
export interface DownstreamGauges {
  /** Calls in flight now. */
  readonly inFlight: () => number;
  /** Calls that may be in flight now. Default: no limit is known. */
  readonly limit?: () => number;
  /** Retries left in the budget. */
  readonly retryBudgetRemaining: () => number;
  /** Retries that each success earns now. */
  readonly retryRatio?: () => number;
  /** The breaker of each endpoint. */
  readonly breakers: () => readonly { readonly endpoint: string; readonly state: BreakerState }[];
}

/** Follows the calls to one downstream. `observe/` has metrics and traces. */
export interface CallObserver {
  /** Wraps each logical call, outermost. */
  readonly call: Policy;
  /** Wraps each attempt, innermost. */
  readonly attempt: Policy;
  /** Called with what the policies decide. */
  readonly onEvent?: PolicyListener;
  /** Receives what can be read at any time. Called once, at start. */
  watch?(gauges: DownstreamGauges): void;
}
