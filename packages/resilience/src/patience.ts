import type { CallContext } from './call-context.ts';
import { type Clock, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import { checkMs } from './options.ts';
import type { Policy } from './policy.ts';
import { createQuantile } from './quantile.ts';
import { type RaceRules, race } from './race.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

export interface PatienceOptions {
  /** An attempt that has taken this long, in milliseconds, calls for another one beside it. Default 500. */
  readonly afterMs?: number;
  /** Pays for further attempts as it pays for retries. Share it with `retry`. Default: one of this policy's own. */
  readonly budget?: RetryBudget;
  /** Whether an endpoint that this call has not tried would take an attempt now. Default: no, because there is only one endpoint. */
  readonly elsewhere?: (context: CallContext) => boolean;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Called at each attempt that begins beside another. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

/** An answer is fast if it took less than this share of `afterMs`. Only something fast can overtake an attempt that runs already. */
const FAST_SHARE = 0.5;
/** A further attempt begins only if this share of `afterMs` is left before the deadline. */
const LEAST_LEFT_SHARE = 0.2;

/**
 * Replaces the attempt timeout. An attempt that takes long is not aborted, because its answer may be on its way. It calls for another
 * attempt beside it, the first answer wins, and the losers are aborted. Without another attempt, it goes on until the call's deadline.
 *
 * Another attempt begins only if all of this holds: the operation may be repeated; `retry` allows the call another attempt; the budget
 * pays; enough time is left; and it can help. It can help if another endpoint admits it and answers are usually fast, or if a fast
 * answer has come since the call began. Without the last condition, second attempts keep an overloaded downstream overloaded.
 *
 * Put it inside a `deadline`: nothing else ends an attempt that is never answered.
 * @throws RangeError for an option out of range
 */
export function patience(options: PatienceOptions = {}): Policy {
  const {
    afterMs: limitMs = DEFAULTS.attemptTimeoutMs,
    budget = createRetryBudget(),
    elsewhere = () => false,
    clock = systemClock,
    onEvent = ignoreEvents,
  } = options;
  checkMs('afterMs', limitMs, { min: 1 });
  const fastMs = limitMs * FAST_SHARE;
  const median = createQuantile(0.5);
  let fastAnswerAt = Number.NEGATIVE_INFINITY;
  const canHelp = (context: CallContext, beganAt: number) =>
    elsewhere(context) ? (median.value ?? 0) < fastMs : fastAnswerAt > beganAt;
  const rules: RaceRules = {
    clock,
    mostAtOnce: Number.POSITIVE_INFINITY,
    mayBegin(context, afterMs, beganAt) {
      if (context.operation.safety === 'unsafe' || !canHelp(context, beganAt)) return false;
      if (context.deadlineAt - clock.now() < afterMs * LEAST_LEFT_SHARE || !budget.spend()) return false;
      tell({ type: 'hedge', afterMs }, onEvent, context.watch);
      return true;
    },
    onAnswered(tookMs) {
      median.observe(tookMs);
      if (tookMs < fastMs) fastAnswerAt = clock.now();
    },
  };
  return (next) => (context) => race(next, context, limitMs, rules);
}
