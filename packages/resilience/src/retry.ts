import { type Backoff, fullJitterMs } from './backoff.ts';
import { CallError, isCallError } from './call-error.ts';
import { type Clock, type Random, sleep } from './clock.ts';
import { LEAST_USEFUL_MS } from './deadline.ts';
import { type PolicyListener, tell } from './events.ts';
import type { CallContext, Policy } from './policy.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryOptions extends Backoff {
  /** Attempts in all, the first included. 1 means no retry. */
  readonly attempts: number;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: PolicyListener;
}

/** Statuses that say "not now" (RFC 9110 §15.6.3–5), and 429 (RFC 6585 §4). A 500 is an answer: asking again adds load, not hope. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Kept connections that one call may find closing. */
const MAX_REPLACED = 3;

/** The part of a call's context that says whether it may be repeated. */
interface RetryFacts {
  readonly operation: Pick<CallContext['operation'], 'safety'>;
}

/** Whether another attempt of the same call is allowed after this failure, budget and time aside. */
export function isRetryable(error: CallError, { operation }: RetryFacts): boolean {
  if (error.final) return false;
  switch (error.code) {
    case 'unreachable':
      return true;
    case 'connection_lost':
    case 'attempt_timeout':
      // The other side may have done the work: repeating it is the contract's decision, not ours.
      return operation.safety !== 'unsafe';
    case 'remote_error':
    case 'overloaded':
      // A gateway's 502 or 504 does not say whether the work was done behind it; 503 and 429 say that it was not.
      return (
        error.status !== undefined &&
        RETRYABLE_STATUS.has(error.status) &&
        (operation.safety !== 'unsafe' || error.status === 503 || error.status === 429)
      );
    default:
      // An open breaker is not tried again: it answers for the same endpoint. Our own refusals and deadlines are final.
      return false;
  }
}

/**
 * Tries again what may be tried again, while attempts, time and budget allow; waits with full jitter, or as long as the
 * other side asked (Retry-After). Gives up at once, keeping that hint, when the wait would not fit before the deadline.
 * @throws CallError the last failure; `budget_exhausted` (cause: the last failure) when only the budget forbids a retry;
 *   `cancelled` or `deadline_exceeded` when a wait is aborted
 */
export function retry(options: RetryOptions): Policy {
  const { attempts, budget, clock, random, onEvent } = options;
  return (next) => async (context) => {
    let replaced = 0;
    let number = context.attempt;
    for (let attempt = 1; ; attempt++, number = ++context.notes.attempts) {
      // The queue before us may have taken what time there was.
      if (context.deadlineAt - clock.now() < LEAST_USEFUL_MS) {
        throw new CallError('deadline_exceeded', 'no time left to start an attempt');
      }
      try {
        const value = await next({ ...context, attempt: number });
        budget.earn();
        return value;
      } catch (error) {
        if (attempt - replaced >= attempts || !isCallError(error) || !isRetryable(error, context)) throw error;
        // As every HTTP client does (RFC 9110 §9.2.2): at once, unpaid and not counted. Each time one kept connection
        // fewer is left to meet, so an outage does not turn this into load.
        if (error.staleConnection && replaced < MAX_REPLACED && !context.signal.aborted) {
          replaced++;
          tell({ type: 'retry', reason: error.code, attempt, delayMs: 0 }, onEvent, context);
          continue;
        }
        const delayMs = (error.retryAfterMs ?? 0) + fullJitterMs(options, attempt - 1, random);
        if (clock.now() + delayMs + LEAST_USEFUL_MS > context.deadlineAt || context.signal.aborted) throw error;
        if (!budget.spend()) {
          // Where no retry is ever paid for, none is missing.
          if (budget.capacity === 0) throw error;
          tell({ type: 'rejected', code: 'budget_exhausted' }, onEvent, context);
          throw new CallError('budget_exhausted', `the retry budget is spent (attempt ${attempt}: ${error.message})`, {
            sent: error.sent,
            retryAfterMs: error.retryAfterMs,
            cause: error,
          });
        }
        tell({ type: 'retry', reason: error.code, attempt, delayMs }, onEvent, context);
        await sleep(clock, delayMs, context.signal);
      }
    }
  };
}
