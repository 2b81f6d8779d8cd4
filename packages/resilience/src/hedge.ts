import { abortError } from './call-error.ts';
import type { Clock } from './clock.ts';
import type { PolicyListener } from './events.ts';
import type { Call, CallContext, Policy } from './policy.ts';
import { createQuantile } from './quantile.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface HedgeOptions {
  /** Second attempts are paid from it like retries: where most are slow, hedging would double the load. */
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly onEvent: PolicyListener;
}

/** A second attempt begins when the first has taken longer than this share of the last successes. */
const QUANTILE = 0.95;

/**
 * Sends a second attempt of a safe operation when the first takes longer than usual; the first good answer wins, the
 * other attempt is aborted. Trades a few per cent more load for a shorter tail (J. Dean, L. A. Barroso, "The Tail at
 * Scale", 2013). What is usual is observed; until it is known, nothing is hedged.
 */
export function hedge({ budget, clock, onEvent }: HedgeOptions): Policy {
  const usual = createQuantile(QUANTILE);
  return (next) => {
    const timed: typeof next = async (context) => {
      const startedAt = clock.now();
      const value = await next(context);
      usual.observe(clock.now() - startedAt);
      return value;
    };
    return (context) => {
      const afterMs = usual.value;
      if (context.operation.safety !== 'safe' || afterMs === undefined) return timed(context);
      return race(timed, context, clock, afterMs, () => {
        if (!budget.spend()) return false;
        onEvent({ type: 'hedge', afterMs });
        return true;
      });
    };
  };
}

/** Resolves with the first success; rejects when every attempt that was begun has failed, with the first failure. */
function race<T>(
  attempt: Call<T>,
  context: CallContext,
  clock: Clock,
  afterMs: number,
  mayHedge: () => boolean,
): Promise<T> {
  const { signal } = context;
  if (signal.aborted) return Promise.reject(abortError(signal));
  const controllers: AbortController[] = [];
  let pending = 0;
  let firstError: unknown;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      cancelTimer();
      for (const controller of controllers) controller.abort(abortError(signal));
    };
    const release = () => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    const begin = () => {
      const controller = new AbortController();
      controllers.push(controller);
      pending++;
      attempt({ ...context, signal: controller.signal, attempt: context.attempt + controllers.length - 1 }).then(
        (value) => {
          release();
          resolve(value);
          for (const other of controllers) if (other !== controller) other.abort();
        },
        (error: unknown) => {
          firstError ??= error;
          if (--pending > 0) return;
          // A failure is the retry's business, not ours: nothing is hedged after it.
          release();
          reject(firstError);
        },
      );
    };
    const cancelTimer = clock.after(afterMs, () => {
      if (mayHedge()) begin();
    });
    signal.addEventListener('abort', onAbort, { once: true });
    begin();
  });
}
