export { type AdaptiveBudget, type AdaptiveBudgetOptions, createAdaptiveBudget } from './adaptive-budget.ts';
export { type AttemptLimits, attemptLimits } from './attempt-limits.ts';
export { type AttemptTimeoutOptions, attemptTimeout } from './attempt-timeout.ts';
export { type Backoff, fullJitterMs } from './backoff.ts';
export {
  type Balancer,
  type BalancerOptions,
  createBalancer,
  type EndpointGuard,
  type EndpointStatus,
} from './balancer.ts';
export { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts';
export { type Bulkhead, type BulkheadOptions, createBulkhead } from './bulkhead.ts';
export { type CallContext, type CallContextOptions, type CallNotes, callContext, type Safety } from './call-context.ts';
export {
  abortError,
  CALL_ERROR_CODES,
  CallError,
  type CallErrorCode,
  type CallErrorOptions,
  isCallError,
  type Sent,
} from './call-error.ts';
export { type Clock, type Random, STALL_MS, sleep, systemClock } from './clock.ts';
export { type CoalesceOptions, coalesce } from './coalesce.ts';
export { type DeadlineOptions, deadline, LEAST_USEFUL_MS } from './deadline.ts';
export {
  createDeadlineAdmission,
  type DeadlineAdmission,
  type DeadlineAdmissionOptions,
} from './deadline-admission.ts';
export { DEFAULTS } from './defaults.ts';
export type { Endpoint } from './endpoint.ts';
export {
  type BreakerState,
  type CallEvent,
  type CallWatcher,
  ignoreEvents,
  type PolicyEvent,
  type PolicyListener,
  type RatioChange,
} from './events.ts';
export { type HedgeOptions, hedge } from './hedge.ts';
export { type ErrorMeaning, mapErrors } from './map-errors.ts';
export { checkCap, checkCount, checkMs, checkShare } from './options.ts';
export type { RecentOutcomes, Verdict } from './outcome.ts';
export { type PatienceOptions, patience } from './patience.ts';
export { type Call, compose, none, type Policy } from './policy.ts';
export { questionOf } from './question.ts';
export type { RecoveryOptions } from './recovery-queue.ts';
export { isRetryable, type RetryOptions, retry } from './retry.ts';
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { type StaleIfErrorOptions, staleIfError, usableOnErrorMs } from './stale-if-error.ts';
