export { type AttemptTimeoutOptions, attemptTimeout } from './attempt-timeout.ts';
export { type Backoff, fullJitterMs } from './backoff.ts';
export {
  type Balancer,
  type BalancerOptions,
  createBalancer,
  type Endpoint,
  type EndpointGuard,
  type EndpointStatus,
  type RecentOutcomes,
} from './balancer.ts';
export { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts';
export { type Bulkhead, type BulkheadOptions, createBulkhead } from './bulkhead.ts';
export {
  abortError,
  CALL_ERROR_CODES,
  CallError,
  type CallErrorCode,
  type CallErrorOptions,
  isCallError,
  type Sent,
} from './call-error.ts';
export { type Clock, type Random, sleep, systemClock } from './clock.ts';
export { type CoalesceOptions, coalesce } from './coalesce.ts';
export { type DeadlineOptions, deadline, LEAST_USEFUL_MS } from './deadline.ts';
export { DEFAULTS } from './defaults.ts';
export type { BreakerState, CallEvent, CallWatcher, PolicyEvent, PolicyListener, Verdict } from './events.ts';
export { type HedgeOptions, hedge } from './hedge.ts';
export { type Call, type CallContext, type CallNotes, compose, none, type Policy, type Safety } from './policy.ts';
export { isRetryable, type RetryOptions, retry } from './retry.ts';
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { type StaleIfErrorOptions, staleIfError, usableOnErrorMs } from './stale-if-error.ts';
