import { CallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { checkMs } from './options.ts';
import type { Policy } from './policy.ts';
import { withTimeLimit } from './time-limit.ts';

/** The least time that a call must have left to be worth sending: `x-deadline-ms` is a positive whole number. */
export const LEAST_USEFUL_MS = 1;

export interface DeadlineOptions {
  /**
   * The most that one logical call may take, in milliseconds, including queueing, back-off and every attempt. A caller may ask for
   * less, never for more. Default 2,000.
   */
  readonly timeoutMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
}

/**
 * One deadline for the logical call. When it passes, or when the caller leaves, everything below is aborted.
 * @throws RangeError for an option out of range
 * @throws CallError (from the policy) `deadline_exceeded`, or `cancelled` if the caller left
 */
export function deadline({ timeoutMs = DEFAULTS.deadlineMs, clock = systemClock }: DeadlineOptions = {}): Policy {
  checkMs('timeoutMs', timeoutMs, { min: LEAST_USEFUL_MS });
  // No async function: every call passes here, and one that returns a promise costs three turns of the microtask queue.
  return (next) => (context) => {
    const now = clock.now();
    const deadlineAt = Math.min(context.deadlineAt, now + timeoutMs);
    const limitMs = deadlineAt - now;
    // Compared as the header that carries it will be: no call begins that the downstream must refuse.
    if (limitMs < LEAST_USEFUL_MS) {
      return Promise.reject(new CallError('deadline_exceeded', 'the deadline had passed before the call began'));
    }
    return withTimeLimit(
      {
        clock,
        limitMs,
        onTimeUp: (ownStall) =>
          new CallError('deadline_exceeded', 'no answer before the deadline', { sent: 'perhaps', ownStall }),
        settle: 'at_once',
      },
      next,
      { ...context, deadlineAt, startedAt: now },
    );
  };
}
