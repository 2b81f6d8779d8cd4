/** Every default of the standard policy in one place, with its source. Services use them as the defaults of their settings. */
export const DEFAULTS = {
  /** About as long as a person waits without wondering. Four attempt timeouts. */
  deadlineMs: 2_000,
  /** AWS SDKs, resilience4j and Google's SRE book all stop at three. */
  attempts: 3,
  /** Three attempts fit into the default deadline. */
  attemptTimeoutMs: 500,
  /** AWS SDKs (smithy): 50 ms base. */
  backoffBaseMs: 50,
  /** After more than a second, a retry inside one request is useless to its caller. */
  backoffCapMs: 1_000,
  /** A tenth of a retry per success, so at most 10 % more load (Finagle, gRPC and Envoy allow 10 to 20 %). */
  retryRatio: 0.1,
  /** Tens, not hundreds. This is the most that an outage can cost the downstream. */
  retryBudget: 20,
  /** Just above what one call can use: the first call of a process may be retried, a crowd of first calls may not. */
  retryBudgetInitial: 3,
  maxInFlight: 128,
  /** Half of `maxInFlight`. A short queue smooths a burst, a long one only adds waiting. */
  maxQueued: 64,
  /** Half of the calls, ten seconds, twenty calls, as in Hystrix, moleculer and resilience4j. */
  breakerWindowMs: 10_000,
  breakerMinimumCalls: 20,
  breakerFailureRate: 0.5,
  /**
   * Of the attempt timeout: nearly out of time. With much less, the breaker would turn a slow downstream that answers everybody (in 400
   * of 500 ms, with a deadline of 2,000) into an outage.
   */
  breakerSlowShare: 0.95,
  /** Envoy ejects at most a tenth of a large cluster. Of two or three endpoints, one may be left out. */
  maxLeftOut: 0.5,
  /** Recovery must be noticed within a second, and one probe a second is no load. */
  breakerOpenMs: 250,
  breakerMaxOpenMs: 1_000,
} as const;
