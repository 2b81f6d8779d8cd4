import type { CallContext } from './call-context.ts';
import { isCallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { ignoreEvents, type PolicyListener, type RatioChange } from './events.ts';
import { checkCap, checkCount, checkMs, checkShare } from './options.ts';
import type { Policy } from './policy.ts';
import { createRecentSuccesses, isWorse, type Proportion } from './recent-successes.ts';
import type { RetryBudget, RetryBudgetOptions } from './retry-budget.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface AdaptiveBudgetOptions extends RetryBudgetOptions {
  /** An attempt that takes this long, in milliseconds, shows that the downstream is busy: nearly the attempt timeout. Default 475. */
  readonly slowMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Called when the ratio changes. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

export interface AdaptiveBudget extends RetryBudget {
  /** Retries that each success earns now. */
  readonly ratio: number;
  /** Watches single attempts. Put it below everything that begins attempts, so that it sees what the wire sees. */
  readonly watch: Policy;
  /** An attempt takes too long and has not ended. */
  slow(): void;
}

/** While retries pay, every success earns a whole one: enough for three attempts of every call. */
const RAISED_RATIO = 1;

/** Retries that are looked at, and how many are needed before the ratio rises. */
const RETRIES = 40;
const LEAST_RETRIES = 10;
/** First attempts that are looked at, and how many are needed before the ratio rises. */
const FIRSTS = 120;
const LEAST_FIRSTS = 20;
/** The ratio rises if retries succeed at least this many times as often as first attempts do … */
const LIKENESS = 0.6;
/** … and first attempts succeed at least this often. In an outage, nothing pays. */
const LEAST_SHARE = 0.15;
/** The trouble is over when this share of first attempts succeeds. */
const WELL_SHARE = 0.98;
/** Below this share, the trouble has begun. What was before it would flatter what comes after. */
const TROUBLE_SHARE = 0.95;

/** How many outcomes of each kind are compared at least, and how sure the comparison must be. */
const COMPARED_FIRSTS = 60;
const COMPARED_RETRIES = 30;
const DEVIATIONS = 4;

/** How long the ratio stays low after a sign of overload. Doubles if it had just risen. */
const HOLD_MS = 2_000;
const HARM_HOLD_MS = 10_000;
const MOST_HOLD_MS = 30_000;

/** Weights of the newest success in what answers take now, and in what they usually take. */
const NOW_WEIGHT = 0.1;
const USUAL_WEIGHT = 0.002;
/** Answers are slower than usual when they take more than this multiple, plus this many milliseconds. */
const SLOWER_MULTIPLE = 2;
const SLOWER_MS = 10;
const LEAST_ANSWERS = 50;

/**
 * A retry budget that knows what it is for: it protects a downstream that is overloaded. Where retries succeed about as often as first
 * attempts, and answers take no longer than usual, failures are no overload. Each success then earns a whole retry. At the first sign
 * of overload it earns `ratio` again: a 429, a Retry-After, an attempt that takes too long, answers that take twice their usual time,
 * or retries that fail far more often than first attempts. If first attempts do worse than before the ratio rose, retries do harm: the
 * bucket is emptied, and nothing is earned for ten seconds.
 *
 * Retries are earned per success in any case, so an outage earns nothing.
 * @throws RangeError for an option out of range
 */
export function createAdaptiveBudget(options: AdaptiveBudgetOptions = {}): AdaptiveBudget {
  const {
    ratio: floor = DEFAULTS.retryRatio,
    capacity = DEFAULTS.retryBudget,
    slowMs = DEFAULTS.attemptTimeoutMs * DEFAULTS.breakerSlowShare,
    clock = systemClock,
    onEvent = ignoreEvents,
  } = options;
  const { initial = Math.min(DEFAULTS.retryBudgetInitial, capacity) } = options;
  checkShare('ratio', floor);
  checkCount('capacity', capacity);
  checkCount('initial', initial);
  checkCap('initial', initial, 'capacity', capacity);
  checkMs('slowMs', slowMs, { min: 1 });
  const bucket = createTokenBucket(capacity, initial);
  const retries = createRecentSuccesses(RETRIES);
  const firsts = createRecentSuccesses(FIRSTS);

  let isRaised = false;
  let raisedAt = Number.NEGATIVE_INFINITY;
  /** First attempts before the ratio rose: what the downstream does without our retries. */
  let before: Proportion = { share: 1, known: 0 };
  let heldUntil = Number.NEGATIVE_INFINITY;
  let holdMs = HOLD_MS;
  /** Until then, nothing is earned. */
  let harmUntil = Number.NEGATIVE_INFINITY;
  let nowMs = 0;
  let usualMs = 0;
  let answers = 0;

  const ratio = () => {
    if (isRaised) return RAISED_RATIO;
    return clock.now() < harmUntil ? 0 : floor;
  };
  const tellRatio = (because: RatioChange) => onEvent({ type: 'retry_ratio', ratio: ratio(), because });

  const fall = (because: RatioChange) => {
    const now = clock.now();
    if (isRaised && now - raisedAt < 4 * holdMs) holdMs = Math.min(MOST_HOLD_MS, holdMs * 2);
    else if (now - heldUntil > MOST_HOLD_MS) holdMs = HOLD_MS;
    const wasRaised = isRaised;
    isRaised = false;
    if (because === 'retries_do_harm') {
      bucket.empty();
      holdMs = Math.max(holdMs, HARM_HOLD_MS);
      harmUntil = now + holdMs;
    }
    heldUntil = Math.max(heldUntil, now + holdMs);
    retries.clear();
    firsts.clear();
    if (wasRaised) tellRatio(because);
  };
  const lower = () => {
    isRaised = false;
    retries.clear();
    firsts.clear();
    tellRatio('trouble_is_over');
  };
  const considerFalling = (isFirst: boolean) => {
    if (firsts.known >= FIRSTS && firsts.share >= WELL_SHARE) lower();
    else if (firsts.known >= COMPARED_FIRSTS && isWorse(firsts, before, DEVIATIONS)) fall('retries_do_harm');
    else if (
      !isFirst &&
      retries.known >= COMPARED_RETRIES &&
      firsts.known >= COMPARED_RETRIES &&
      isWorse(retries, firsts, DEVIATIONS)
    )
      fall('retries_fail');
  };
  const considerRising = () => {
    if (retries.known < LEAST_RETRIES || firsts.known < LEAST_FIRSTS || clock.now() < heldUntil) return;
    // Where nothing is wrong, there is nothing to retry.
    if (firsts.share < LEAST_SHARE || firsts.share >= TROUBLE_SHARE || retries.share < LIKENESS * firsts.share) return;
    before = { share: firsts.share, known: firsts.known };
    firsts.clear();
    isRaised = true;
    raisedAt = clock.now();
    tellRatio('retries_succeed');
  };
  const note = (isFirst: boolean, isSuccess: boolean) => {
    if (isFirst && !isSuccess && !isRaised && firsts.share > TROUBLE_SHARE) firsts.clear();
    (isFirst ? firsts : retries).add(isSuccess);
    if (isRaised) considerFalling(isFirst);
    else considerRising();
  };

  const isSlower = (tookMs: number) => tookMs > SLOWER_MULTIPLE * usualMs + SLOWER_MS;
  const onAnswer = (isFirst: boolean, tookMs: number) => {
    answers++;
    nowMs += (tookMs - nowMs) * NOW_WEIGHT;
    usualMs += (tookMs - usualMs) * Math.max(USUAL_WEIGHT, 1 / answers);
    if (tookMs >= slowMs) fall('slow');
    else if (answers > LEAST_ANSWERS && isSlower(nowMs)) fall('slower_than_usual');
    note(isFirst, true);
  };
  const onFailure = (isFirst: boolean, tookMs: number, error: unknown) => {
    if (!isCallError(error) || error.ownStall || error.staleConnection) return;
    switch (error.code) {
      case 'cancelled':
        return;
      case 'remote_refused':
        // The downstream is there and answers. Asking again would change nothing.
        note(isFirst, true);
        return;
      case 'deadline_exceeded':
        // A caller in a hurry says nothing about the downstream.
        if (tookMs >= slowMs || isSlower(tookMs)) fall('slow');
        return;
      case 'attempt_timeout':
        fall('slow');
        return;
      default:
        if (error.status === 429 || error.retryAfterMs !== undefined) fall('asked_for_less');
        else note(isFirst, false);
    }
  };

  return {
    earn: () => bucket.add(ratio()),
    spend: () => bucket.take(),
    get remaining() {
      return bucket.remaining;
    },
    capacity,
    get ratio() {
      return ratio();
    },
    slow: () => fall('slow'),
    watch: (next) => (context: CallContext) => {
      const startedAt = clock.now();
      const isFirst = context.attempt === 1;
      return next(context).then(
        (value) => {
          onAnswer(isFirst, clock.now() - startedAt);
          return value;
        },
        (error: unknown) => {
          onFailure(isFirst, clock.now() - startedAt, error);
          throw error;
        },
      );
    },
  };
}
