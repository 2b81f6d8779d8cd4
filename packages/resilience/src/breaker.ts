import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { RecentOutcomes } from './balancer.ts';
import { CallError, isCallError } from './call-error.ts';
import type { Clock, Random } from './clock.ts';
import { type BreakerState, type PolicyListener, tell, type Verdict } from './events.ts';
import type { CallContext, Policy } from './policy.ts';

export interface BreakerOptions {
  /** Length of the rolling window that failures are counted in. */
  readonly windowMs: number;
  /** Outcomes the window must hold before the breaker may open: one failure of one call says nothing. */
  readonly minimumCalls: number;
  /** A success that took at least this long counts as a failure: an endpoint that answers when nobody waits any more is down, too. */
  readonly slowCallMs: number;
  /** Opens when more than this share of the window's outcomes, 0 to 1, are failures. */
  readonly failureRate: number;
  /** How long the breaker stays open the first time; doubled each time a probe fails. Jittered down by up to a quarter. */
  readonly openMs: number;
  /** The longest it stays open. Recovery can be noticed no later than this. */
  readonly maxOpenMs: number;
  /** How long a half-open probe may keep others out before another one is let through. Longer than an attempt can last. */
  readonly probeLeaseMs: number;
  /**
   * An attempt that the call's deadline cut short counts as a failure only if it had a fair chance to be answered: so
   * long, or several times what successes usually take, whichever is less.
   */
  readonly fairChanceMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: PolicyListener;
}

export interface Breaker {
  readonly policy: Policy;
  readonly state: BreakerState;
  /** Whether a call would be let through now: closed, or half-open without a probe. */
  readonly admits: boolean;
  /**
   * The newest outcomes in the window: fifty, and what came in the same tenth of it; fewer where there are no more. None
   * while the breaker is not closed, so that the breaker itself is asked first. At most 100 ms old.
   */
  readonly recent: RecentOutcomes;
  /** Empties the window. */
  forget(): void;
  /** Milliseconds until a call may be let through again; 0 unless open. */
  readonly retryAfterMs: number;
  /** Releases opossum's listeners and timer. */
  close(): void;
}

/** Buckets of the rolling window: a tenth of the window is forgotten at a time. */
const BUCKETS = 10;

/** Open time is drawn from the upper quarter of its range, so that many clients do not probe at the same instant. */
const OPEN_JITTER = 0.25;

/** How fast the usual duration follows: most of it is of the last ten successes. */
const USUAL_WEIGHT = 0.1;
const FAIR_MULTIPLE = 5;
const LEAST_FAIR_CHANCE_MS = 10;

const RECENT_AGE_MS = 100;
/** Enough to tell an endpoint from the others, and soon replaced: a whole window of good outcomes would hide for seconds that it has begun to fail. */
const RECENT_OUTCOMES = 50;
const NO_OUTCOMES: RecentOutcomes = { outcomes: 0, failures: 0 };

/**
 * A circuit breaker: opossum judges, we admit.
 *
 * opossum holds the rolling window, the threshold and the state. It never wraps the call: it is told an outcome once
 * that is known. So its timeout (which does not cancel), its semaphore (freed while the work runs) and its count of
 * calls in flight (which dilutes the failure rate) do not exist here. What it does not know, admission adds:
 *
 * - neutral outcomes (a caller's cancel, our own refusals) are not told: opossum would take a filtered error for a
 *   success and close;
 * - an outcome of a call admitted before the last change of state is dropped: a late success must not close a breaker
 *   that newer failures opened;
 * - half-open lets one probe through, on a lease: a probe that never ends would lock everybody out (opossum #388);
 * - the window is emptied on close: old failures must not re-open a recovered breaker (opossum #481).
 *
 * @throws CallError `breaker_open`, sent `never`, `retryAfterMs` until it may be worth asking again
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { clock, random, onEvent } = options;
  const rotation = new EventEmitter();
  const judgeOptions = {
    timeout: false as const,
    volumeThreshold: options.minimumCalls,
    errorThresholdPercentage: options.failureRate * 100,
    rollingCountTimeout: options.windowMs,
    rollingCountBuckets: BUCKETS,
    // Else each failure sorts every latency of the window: 14 ms of event loop at 100,000 samples (opossum #830).
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    rotateBucketController: rotation,
    resetTimeout: 0,
  };
  const judge = new CircuitBreaker(settle, judgeOptions);

  let state: BreakerState = 'closed';
  /** Changes of state so far: tells outcomes of this state from those of calls admitted in an earlier one. */
  let epoch = 0;
  let openUntil = 0;
  let openingsInARow = 0;
  /** What a success takes, smoothed. Until one has been seen, half of `fairChanceMs` is chance enough. */
  let usualMs = options.fairChanceMs / (2 * FAIR_MULTIPLE);
  const fairChanceMs = () => Math.min(options.fairChanceMs, Math.max(LEAST_FAIR_CHANCE_MS, FAIR_MULTIPLE * usualMs));
  let probe: { readonly expiresAt: number } | undefined;

  // opossum reads its `resetTimeout` at the moment it opens: the time of the next opening is drawn beforehand.
  const drawOpenTime = () => {
    const fullMs = Math.min(options.maxOpenMs, options.openMs * 2 ** openingsInARow);
    judgeOptions.resetTimeout = fullMs * (1 - OPEN_JITTER * random());
  };
  drawOpenTime();

  const enter = (to: BreakerState) => {
    const from = state;
    state = to;
    epoch++;
    probe = undefined;
    onEvent({ type: 'breaker_transition', from, to });
  };
  judge.on('open', () => {
    openUntil = clock.now() + judgeOptions.resetTimeout;
    openingsInARow++;
    drawOpenTime();
    enter('open');
  });
  judge.on('halfOpen', () => enter('half_open'));
  judge.on('close', () => {
    forget();
    openingsInARow = 0;
    drawOpenTime();
    enter('closed');
  });

  // opossum would rotate on an interval timer per breaker; rotating when something is told needs none.
  const bucketMs = options.windowMs / BUCKETS;
  let bucketEndsAt = clock.now() + bucketMs;
  const rotate = () => {
    const passed = 1 + Math.floor((clock.now() - bucketEndsAt) / bucketMs);
    for (let bucket = 0; bucket < Math.min(passed, BUCKETS); bucket++) rotation.emit('rotate');
    bucketEndsAt += passed * bucketMs;
  };

  const tellJudge = (verdict: 'success' | 'failure') => {
    rotate();
    // The rejection is the verdict itself, come back: the caller has the real error already.
    judge.fire(verdict).catch(() => undefined);
  };

  // Adding up the window is too much for every choice of an endpoint.
  let recent: RecentOutcomes = NO_OUTCOMES;
  let recentUntil = 0;
  const forget = () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) rotation.emit('rotate');
    recentUntil = 0;
  };
  const recentOutcomes = () => {
    // The window still holds what opened it; judged by that, a half-open endpoint would never be asked again.
    if (state !== 'closed') return NO_OUTCOMES;
    const now = clock.now();
    if (now >= recentUntil) {
      rotate();
      recent = newestOf(judge.status.window);
      recentUntil = now + RECENT_AGE_MS;
    }
    return recent;
  };

  const retryAfterMs = () => Math.max(0, state === 'open' ? openUntil - clock.now() : 0);

  const refuse = (context: CallContext, message: string, hintMs: number): never => {
    tell({ type: 'rejected', code: 'breaker_open' }, onEvent, context);
    throw new CallError('breaker_open', message, { retryAfterMs: Math.ceil(hintMs) });
  };

  /** Lets a call through or refuses it. @returns the lease, if the call is the probe */
  const admit = (context: CallContext) => {
    if (state === 'closed') return undefined;
    const now = clock.now();
    if (state === 'open') return refuse(context, 'the breaker is open: the last calls failed', retryAfterMs());
    if (probe !== undefined && probe.expiresAt > now) {
      return refuse(context, 'the breaker is half-open: one call is finding out', probe.expiresAt - now);
    }
    probe = { expiresAt: now + options.probeLeaseMs };
    return probe;
  };

  return {
    policy: (next) => async (context) => {
      const lease = admit(context);
      const { watch, attempt } = context;
      watch?.({ type: 'breaker_admitted', attempt, state });
      const admittedIn = epoch;
      const startedAt = clock.now();
      let verdict: Verdict = 'neutral';
      try {
        const value = await next(context);
        const tookMs = clock.now() - startedAt;
        usualMs += (tookMs - usualMs) * USUAL_WEIGHT;
        verdict = tookMs >= options.slowCallMs ? 'failure' : 'success';
        return value;
      } catch (error) {
        verdict = judgementOf(error, clock.now() - startedAt >= fairChanceMs());
        throw error;
      } finally {
        watch?.({ type: 'breaker_verdict', attempt, verdict });
        // A probe whose lease went to another call speaks for itself only.
        if (epoch === admittedIn && lease === probe) {
          if (verdict === 'neutral') probe = undefined;
          else tellJudge(verdict);
        }
      }
    },
    get state() {
      return state;
    },
    get admits() {
      return state === 'closed' || (state === 'half_open' && (probe === undefined || probe.expiresAt <= clock.now()));
    },
    get recent() {
      return recentOutcomes();
    },
    get retryAfterMs() {
      return retryAfterMs();
    },
    forget,
    close() {
      judge.shutdown();
    },
  };
}

/** @param buckets of the rolling window, the newest first */
function newestOf(buckets: readonly { readonly fires: number; readonly failures: number }[]): RecentOutcomes {
  let [outcomes, failed] = [0, 0];
  for (const { fires, failures } of buckets) {
    if (outcomes >= RECENT_OUTCOMES) break;
    outcomes += fires;
    failed += failures;
  }
  return { outcomes, failures: failed };
}

/** opossum's action: the verdict it is told becomes the outcome it counts. */
function settle(verdict: 'success' | 'failure'): Promise<void> {
  return verdict === 'success' ? Promise.resolve() : Promise.reject(new Error('told a failure'));
}

function judgementOf(error: unknown, hadFairChance: boolean): Verdict {
  if (!isCallError(error)) return 'neutral';
  switch (error.code) {
    case 'connection_lost':
      return error.staleConnection ? 'neutral' : 'failure';
    case 'attempt_timeout':
    case 'unreachable':
    case 'bad_response':
    case 'remote_error':
      return 'failure';
    case 'deadline_exceeded':
      // A caller in a hurry must not be able to open the breaker for everybody else.
      return hadFairChance ? 'failure' : 'neutral';
    case 'remote_refused':
      return 'success';
    case 'overloaded':
      // 429: the other side is well and says "less"; without a status it was our own refusal.
      return error.status === undefined ? 'neutral' : 'success';
    default:
      return 'neutral';
  }
}
