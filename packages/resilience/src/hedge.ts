import { type Clock, systemClock } from './clock.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import type { Policy } from './policy.ts';
import { createQuantile } from './quantile.ts';
import { type RaceRules, race } from './race.ts';
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
  const rules: RaceRules = {
    clock,
    mostAtOnce: 2,
    mayBegin(context, afterMs) {
      if (!budget.spend()) return false;
      tell({ type: 'hedge', afterMs }, onEvent, context.watch);
      return true;
    },
    // Also when the second attempt won, because the first took at least this long. Without these observations the usual duration
    // would shrink with every hedge, and more and more calls would be hedged.
    onWon: (tookMs) => usual.observe(tookMs),
  };
  return (next) => (context) => {
    const afterMs = usual.value;
    if (context.operation.safety === 'safe' && afterMs !== undefined) return race(next, context, afterMs, rules);
    const startedAt = clock.now();
    return next(context).then((value) => {
      usual.observe(clock.now() - startedAt);
      return value;
    });
  };
}
