import type { Clock } from './clock.ts';

export interface AdaptiveLimitOptions {
  /** The most that the limit can become, at least 1. */
  readonly maxInFlight: number;
  /** The longest that one attempt can last, in milliseconds. Also the length of a round. */
  readonly attemptTimeoutMs: number;
  readonly clock: Clock;
}

/** An attempt that has ended and says something about the load of the downstream. */
interface AttemptSample {
  /** When it began, on the limit's clock. */
  readonly startedAt: number;
  /** Calls in flight when it began, its own included: what the downstream had to do until it was this one's turn. */
  readonly inFlight: number;
  /** Whether it was answered in time, well or badly. Not answered: it probably waited in a queue for too long. */
  readonly answered: boolean;
}

export interface AdaptiveLimit {
  /** Calls that may be in flight now, from 1 to `maxInFlight`. */
  readonly current: number;
  observe(sample: AttemptSample): void;
}

/** A larger limit is reached in a few answers. From a smaller one, the first overload of a process ends sooner. */
const INITIAL = 128;
/** With one place, a single lost attempt would stop everything for an attempt timeout. */
const LEAST = 2;
/** Outcomes that are needed before the limit changes. */
const MINIMUM_OUTCOMES = 10;
/** The limit is cut when more than this share of the attempts is not answered. A stray timeout changes nothing. */
const UNANSWERED_SHARE = 0.2;
/** What a cut leaves, as a share of what was in flight when the attempts began. */
const CUT_TO = 0.7;
/** Only a limit that was nearly reached may grow: an unused one says nothing about what the downstream can do. */
const USED_SHARE = 0.9;
/** What a round without a cut adds, as a share of the limit. At least one place. */
const STEP = 0.05;
/** What is added at once while the downstream is fast. Answers that take half of their time still come in time after it. */
const FAST_STEP = 0.5;
/** An answer is fast if it took less than this share of the attempt timeout. */
const FAST_ANSWER = 0.5;
/** The downstream is fast if this share of its answers is. */
const FAST_SHARE = 0.9;
/** After so many rounds without a cut, the cut is history and the limit grows fast again. */
const ROUNDS_REMEMBERED = 10;

/**
 * A limit on calls in flight that follows what the downstream can do, as a TCP sender follows what the network can carry: additive
 * increase, multiplicative decrease (Chiu and Jain, 1989), and slow start. What it goes by is the share of attempts that are not answered
 * in time. It does not go by latency: a downstream that is slow but answers is left alone, however slow it is.
 */
export function createAdaptiveLimit({ maxInFlight, attemptTimeoutMs, clock }: AdaptiveLimitOptions): AdaptiveLimit {
  const within = (value: number) => Math.min(maxInFlight, Math.max(LEAST, value));
  let limit = within(INITIAL);
  let cutAt = Number.NEGATIVE_INFINITY;
  let roundBegan = clock.now();
  let [answered, fast, unanswered, peak] = [0, 0, 0, 0];

  const change = (to: number) => {
    limit = within(to);
    roundBegan = clock.now();
    [answered, fast, unanswered, peak] = [0, 0, 0, 0];
  };
  const grow = (share: number) => {
    const isUsed = peak >= USED_SHARE * Math.trunc(limit);
    change(isUsed ? limit + Math.max(1, limit * share) : limit);
  };

  return {
    get current() {
      return Math.trunc(limit);
    },
    observe(sample) {
      // Begun before the last cut: it waited in the queue that the cut is meant to end.
      if (sample.startedAt < cutAt) return;
      const now = clock.now();
      peak = Math.max(peak, sample.inFlight);
      if (sample.answered) {
        answered++;
        if (now - sample.startedAt < attemptTimeoutMs * FAST_ANSWER) fast++;
      } else {
        unanswered++;
      }
      const outcomes = answered + unanswered;
      if (outcomes < MINIMUM_OUTCOMES) return;
      const isFast = fast > FAST_SHARE * answered || now - cutAt > ROUNDS_REMEMBERED * attemptTimeoutMs;
      if (unanswered > UNANSWERED_SHARE * outcomes) {
        cutAt = now;
        change(Math.min(limit, peak) * CUT_TO);
      } else if (isFast && answered >= limit) {
        grow(FAST_STEP);
      } else if (now - roundBegan >= attemptTimeoutMs) {
        grow(STEP);
      }
    },
  };
}
