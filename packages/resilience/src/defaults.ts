/**
 * Every default of the standard policy in one place, with where it comes from. Services read them as the defaults of
 * their settings.
 */
export const DEFAULTS = {
  /** AWS SDKs, resilience4j and Google's SRE book all stop at three. */
  attempts: 3,
  /** A fraction of a user's patience: three attempts fit into the default deadline of two seconds. */
  attemptTimeoutMs: 500,
  /** AWS SDKs (smithy): 50 ms base. */
  backoffBaseMs: 50,
  /** Beyond a second a retry inside one request is of no use to anybody. */
  backoffCapMs: 1_000,
  /** A tenth of a retry per success: at most 10 % more load (Finagle, gRPC and Envoy allow 10 to 20 %). */
  retryRatio: 0.1,
  /** Tens, not hundreds: what an outage can cost the other side at most. */
  retryBudget: 20,
  /** Just above what one call can use, so that the first call of a process may be retried, a crowd of them not. */
  retryBudgetInitial: 3,
  maxInFlight: 128,
  /** Half of `maxInFlight`: a short queue smooths a burst, a long one only adds waiting. */
  maxQueued: 64,
  /** Hystrix, moleculer and resilience4j: half of the calls, ten seconds, twenty calls. */
  breakerWindowMs: 10_000,
  breakerMinimumCalls: 20,
  breakerFailureRate: 0.5,
  /**
   * Of the attempt timeout: as good as out of time. Not much less, or a greeter that is slow and answers everybody (400 of
   * 500 ms, with a deadline of 2,000) is turned into an outage by the breaker in front of it.
   */
  breakerSlowShare: 0.95,
  /** Envoy ejects a tenth, for clusters of many; of two or three endpoints, one may be left out. */
  maxLeftOut: 0.5,
  /** Recovery must be noticed within a second; one probe a second is no load. */
  breakerOpenMs: 250,
  breakerMaxOpenMs: 1_000,
} as const;
