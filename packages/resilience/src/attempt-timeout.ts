import { CallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { checkMs } from './options.ts';
import type { Policy } from './policy.ts';
import { type TimeLimit, withTimeLimit } from './time-limit.ts';

export interface AttemptTimeoutOptions {
  /**
   * The most that one attempt may take, in milliseconds, from connect to the last byte of the body. This is wall time: a body that
   * drips does not extend it. Default 500.
   */
  readonly timeoutMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
}

/**
 * Aborts an attempt that takes too long, so that another one may fit before the deadline.
 * @throws RangeError for an option out of range
 * @throws CallError (from the policy) `attempt_timeout`, sent `perhaps`
 */
export function attemptTimeout(options: AttemptTimeoutOptions = {}): Policy {
  const { timeoutMs = DEFAULTS.attemptTimeoutMs, clock = systemClock } = options;
  checkMs('timeoutMs', timeoutMs, { min: 1 });
  const limit: TimeLimit = {
    clock,
    limitMs: timeoutMs,
    onTimeUp: (ownStall) =>
      new CallError('attempt_timeout', `no complete answer within the attempt timeout of ${timeoutMs} ms`, {
        sent: 'perhaps',
        ownStall,
      }),
    settle: 'when_ended',
  };
  return (next) => (context) => withTimeLimit(limit, next, context);
}
