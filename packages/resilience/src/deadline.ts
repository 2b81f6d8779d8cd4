import { CallError } from './call-error.ts';
import type { Clock } from './clock.ts';
import type { Policy } from './policy.ts';
import { withTimeLimit } from './time-limit.ts';

/** The least that a call must have left to be worth sending: `x-deadline-ms` is a positive whole number. */
export const LEAST_USEFUL_MS = 1;

export interface DeadlineOptions {
  /** The most one logical call may take, everything included: queueing, back-off, every attempt. A caller may ask for less, never for more. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * One deadline for the logical call. When it fires, or when the caller leaves, everything below is aborted.
 * @throws CallError `deadline_exceeded`, or `cancelled` where the caller left
 */
export function deadline({ timeoutMs, clock }: DeadlineOptions): Policy {
  return (next) => async (context) => {
    const now = clock.now();
    const deadlineAt = Math.min(context.deadlineAt, now + timeoutMs);
    const limitMs = deadlineAt - now;
    // Floored like the header that carries it: a call is never begun that the other side must refuse.
    if (limitMs < LEAST_USEFUL_MS) {
      throw new CallError('deadline_exceeded', 'the deadline had passed before the call began');
    }
    return withTimeLimit(
      {
        clock,
        limitMs,
        onTimeUp: () => new CallError('deadline_exceeded', 'no answer before the deadline', { sent: 'perhaps' }),
        settle: 'at_once',
      },
      next,
      { ...context, deadlineAt },
    );
  };
}
