import { abortError } from './call-error.ts';
import type { Clock } from './clock.ts';
import { type PolicyListener, tell } from './events.ts';
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
 * Scale", 2013). What is usual is observed of first attempts; until it is known, nothing is hedged.
 */
export function hedge({ budget, clock, onEvent }: HedgeOptions): Policy {
  const usual = createQuantile(QUANTILE);
  return (next) => (context) => {
    const startedAt = clock.now();
    const observe = () => usual.observe(clock.now() - startedAt);
    const afterMs = usual.value;
    if (context.operation.safety !== 'safe' || afterMs === undefined) {
      return next(context).then((value) => {
        observe();
        return value;
      });
    }
    return race(next, context, clock, afterMs, {
      mayHedge: () => {
        if (!budget.spend()) return false;
        tell({ type: 'hedge', afterMs }, onEvent, context);
        return true;
      },
      // Also when the second attempt has won: the first took at least this long. Without those, what is usual would
      // shrink with every hedge, and more and more would be hedged.
      onWon: observe,
    });
  };
}

interface RaceRules {
  readonly mayHedge: () => boolean;
  /** Called once, as soon as there is a good answer. */
  readonly onWon: () => void;
}

/**
 * Resolves with the first success, once the other attempt has ended; rejects when every attempt that was begun has
 * failed, with the first failure.
 */
function race<T>(
  attempt: Call<T>,
  context: CallContext,
  clock: Clock,
  afterMs: number,
  { mayHedge, onWon }: RaceRules,
): Promise<T> {
  const { signal, notes } = context;
  if (signal.aborted) return Promise.reject(abortError(signal));
  const controllers: AbortController[] = [];
  let pending = 0;
  let won: { readonly value: T } | undefined;
  let firstError: unknown;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      cancelTimer();
      for (const controller of controllers) controller.abort(abortError(signal));
    };
    /** A place in the bulkhead is held until nothing runs any more: an aborted attempt has to end first. */
    const onEnded = () => {
      if (--pending > 0) return;
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
      if (won === undefined) reject(firstError);
      else resolve(won.value);
    };
    const begin = (number: number) => {
      const controller = new AbortController();
      controllers.push(controller);
      pending++;
      attempt({ ...context, signal: controller.signal, attempt: number }).then(
        (value) => {
          if (won === undefined) {
            won = { value };
            onWon();
            for (const other of controllers) if (other !== controller) other.abort();
          }
          onEnded();
        },
        (error: unknown) => {
          // A failure is the retry's business, not ours: nothing is hedged after it.
          firstError ??= error;
          onEnded();
        },
      );
    };
    const cancelTimer = clock.after(afterMs, () => {
      if (mayHedge()) begin(++notes.attempts);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    begin(context.attempt);
  });
}
