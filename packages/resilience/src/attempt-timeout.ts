import { CallError } from './call-error.ts';
import type { Clock } from './clock.ts';
import type { Policy } from './policy.ts';
import { type TimeLimit, withTimeLimit } from './time-limit.ts';

export interface AttemptTimeoutOptions {
  /** The most one attempt may take, from connect to the last byte of the body. Wall time: a body that drips does not extend it. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Ends and aborts an attempt that takes too long, so that another one may fit before the deadline.
 * @throws CallError `attempt_timeout`, sent `perhaps`
 */
export function attemptTimeout({ timeoutMs, clock }: AttemptTimeoutOptions): Policy {
  const limit: TimeLimit = {
    clock,
    limitMs: timeoutMs,
    onTimeUp: () =>
      new CallError('attempt_timeout', `no complete answer within the attempt timeout of ${timeoutMs} ms`, {
        sent: 'perhaps',
      }),
    settle: 'when_ended',
  };
  return (next) => (context) => withTimeLimit(limit, next, context);
}
