import { fullJitterMs } from './backoff.ts';
import type { CallContext } from './call-context.ts';
import { CallError, isCallError } from './call-error.ts';
import { type Clock, type Random, sleep, systemClock } from './clock.ts';
import { LEAST_USEFUL_MS } from './deadline.ts';
import { DEFAULTS } from './defaults.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import { checkCap, checkCount, checkMs } from './options.ts';
import type { Policy } from './policy.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  /** Attempts in all, the first included. 1 means no retry. Default 3. */
  readonly attempts?: number;
  /** Upper bound of the first back-off, in milliseconds. Doubles with each retry. Default 50, or `capMs` if that is less. */
  readonly baseMs?: number;
  /** Upper bound of every back-off, in milliseconds. Default 1,000. */
  readonly capMs?: number;
  /** Pays for retries. Share one between everything that calls the same downstream. Default: one of this policy's own. */
  readonly budget?: RetryBudget;
  /** The time that an attempt of this call must have left to begin, in milliseconds. Default: 1. */
  readonly leastMs?: ((context: CallContext) => number) | undefined;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Default `Math.random`. */
  readonly random?: Random;
  /** Called at each retry and at each one that the budget refuses. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

/** Statuses that say "not now" (RFC 9110 §15.6.3–5), and 429 (RFC 6585 §4). A 500 is an answer: asking again adds load and no hope. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** How many closing connections one call may run into. */
const MAX_REPLACED = 3;

/** The part of a call's context that says whether it may be repeated. */
interface RetryFacts {
  readonly operation: Pick<CallContext['operation'], 'safety'>;
}

/** Whether another attempt of the same call is allowed after this failure. Budget and time are not considered. */
export function isRetryable(error: CallError, { operation }: RetryFacts): boolean {
  if (error.final) return false;
  switch (error.code) {
    case 'unreachable':
      return true;
    case 'connection_lost':
    case 'attempt_timeout':
      // The downstream may have done the work. Whether it may be repeated is the contract's decision.
      return operation.safety !== 'unsafe';
    case 'remote_error':
    case 'overloaded':
      // A gateway's 502 or 504 does not say whether the work was done behind it. 503 and 429 say that it was not.
      return (
        error.status !== undefined &&
        RETRYABLE_STATUS.has(error.status) &&
        (operation.safety !== 'unsafe' || error.status === 503 || error.status === 429)
      );
    default:
      // An open breaker is not retried, because it answers for the same endpoint. Our own refusals and deadlines are final.
      return false;
  }
}

/**
 * Retries what may be retried, while attempts, time and budget allow. Waits with full jitter, or for as long as the downstream asked
 * (Retry-After). Gives up at once and keeps that hint if the wait would not end before the deadline. A failure that was this process's
 * own stall is retried at once, and not paid for.
 *
 * Works on any function: see `callContext` for a context, and `mapErrors` for errors of your own.
 * @throws RangeError for an option out of range
 * @throws CallError (from the policy) the last failure; `budget_exhausted` (cause: the last failure) when only the budget forbids a
 *   retry; `cancelled` or `deadline_exceeded` when a wait is aborted
 */
export function retry(options: RetryOptions = {}): Policy {
  const {
    attempts = DEFAULTS.attempts,
    capMs = DEFAULTS.backoffCapMs,
    baseMs = Math.min(DEFAULTS.backoffBaseMs, capMs),
    budget = createRetryBudget(),
    leastMs = () => LEAST_USEFUL_MS,
    clock = systemClock,
    random = Math.random,
    onEvent = ignoreEvents,
  } = options;
  checkCount('attempts', attempts, { min: 1 });
  checkMs('capMs', capMs);
  checkMs('baseMs', baseMs);
  checkCap('baseMs', baseMs, 'capMs', capMs);
  const backoff = { baseMs, capMs };
  return (next) => async (context) => {
    const { notes } = context;
    // Shared with the policies that begin an attempt beside another: one limit, whoever begins it.
    notes.attemptsAllowed = notes.attempts - 1 + attempts;
    let replaced = 0;
    let stalled = false;
    let number = context.attempt;
    for (let attempt = 1; ; attempt++, number = ++notes.attempts) {
      // Waiting in the queue may have used up the time.
      if (context.deadlineAt - clock.now() < LEAST_USEFUL_MS) {
        throw new CallError('deadline_exceeded', 'no time left to start an attempt');
      }
      try {
        const value = await next(number === context.attempt ? context : { ...context, attempt: number });
        budget.earn();
        return value;
      } catch (error) {
        if (!isCallError(error) || !isRetryable(error, context)) throw error;
        // As every HTTP client does (RFC 9110 §9.2.2): at once, without paying and without counting it as an attempt. Each time, one
        // kept connection fewer is left, so an outage does not turn this into load.
        if (error.staleConnection && replaced < MAX_REPLACED && !context.signal.aborted) {
          replaced++;
          notes.attemptsAllowed++;
          tell({ type: 'retry', reason: error.code, attempt, delayMs: 0 }, onEvent, context.watch);
          continue;
        }
        // The downstream did not fail, so nothing is paid or counted. Once in a call: a process that always stalls must not add load.
        if (error.ownStall && !stalled && !context.signal.aborted) {
          stalled = true;
          replaced++;
          notes.attemptsAllowed++;
          tell({ type: 'retry', reason: error.code, attempt, delayMs: 0 }, onEvent, context.watch);
          continue;
        }
        if (notes.attempts >= notes.attemptsAllowed) throw error;
        const delayMs = (error.retryAfterMs ?? 0) + fullJitterMs(backoff, attempt - 1, random);
        if (clock.now() + delayMs + leastMs(context) > context.deadlineAt || context.signal.aborted) throw error;
        if (!budget.spend()) {
          // A budget that never pays for a retry withholds none.
          if (budget.capacity === 0) throw error;
          tell({ type: 'rejected', code: 'budget_exhausted' }, onEvent, context.watch);
          throw new CallError('budget_exhausted', `the retry budget is spent (attempt ${attempt}: ${error.message})`, {
            sent: error.sent,
            retryAfterMs: error.retryAfterMs,
            cause: error,
          });
        }
        tell({ type: 'retry', reason: error.code, attempt, delayMs }, onEvent, context.watch);
        await sleep(clock, delayMs, context.signal);
      }
    }
  };
}
