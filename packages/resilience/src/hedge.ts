import type { CallContext } from './call-context.ts';
import { abortError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import type { Call, Policy } from './policy.ts';
import { createQuantile } from './quantile.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

export interface HedgeOptions {
  /**
   * Pays for second attempts as it pays for retries. Without it, hedging would double the load whenever most answers are slow.
   * Share it with `retry`. Default: a budget of this policy's own, which nothing refills.
   */
  readonly budget?: RetryBudget;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Called at each second attempt. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

/** A second attempt begins when the first has taken longer than this share of the latest successes. */
const QUANTILE = 0.95;

/**
 * Sends a second attempt of a safe operation when the first takes longer than usual. The first good answer wins and the other attempt
 * is aborted. This trades a few per cent of load for a shorter tail (J. Dean, L. A. Barroso, "The Tail at Scale", 2013). First attempts
 * show what is usual. Until that is known, nothing is hedged.
 */
export function hedge(options: HedgeOptions = {}): Policy {
  const { budget = createRetryBudget(), clock = systemClock, onEvent = ignoreEvents } = options;
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
        tell({ type: 'hedge', afterMs }, onEvent, context.watch);
        return true;
      },
      // Also when the second attempt won, because the first took at least this long. Without these observations the usual duration
      // would shrink with every hedge, and more and more calls would be hedged.
      onWon: observe,
    });
  };
}

interface RaceRules {
  readonly mayHedge: () => boolean;
  /** Called once, at the first good answer. */
  readonly onWon: () => void;
}

/** Resolves with the first success once the other attempt has ended. Rejects with the first failure once every attempt has failed. */
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
    /** An aborted attempt has to end first, because its place in the bulkhead is held until nothing runs any more. */
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
          // Failures are the retry policy's business: nothing is hedged after one.
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
