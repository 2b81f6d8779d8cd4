import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import { attemptLimits } from './attempt-limits.ts';
import type { CallContext } from './call-context.ts';
import { CallError, isCallError } from './call-error.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { type BreakerState, ignoreEvents, type PolicyListener, tell } from './events.ts';
import { createFailureRun } from './failure-run.ts';
import { createLateAttempts, type FollowedAttempt } from './late-attempts.ts';
import { checkCap, checkCount, checkMs, checkShare } from './options.ts';
import { type RecentOutcomes, type Verdict, verdictOf } from './outcome.ts';
import type { Policy } from './policy.ts';
import { wasOutrun } from './race.ts';

export interface BreakerOptions {
  /** Length in milliseconds of the rolling window in which failures are counted. At least 100. Default 10,000. */
  readonly windowMs?: number;
  /** Outcomes that the window must hold before the breaker may open. One failure of one call says nothing. Default 20. */
  readonly minimumCalls?: number;
  /** Opens when more than this share of the window's outcomes are failures. From 0 to below 1. Default 0.5. */
  readonly failureRate?: number;
  /**
   * The longest that an attempt can last, in milliseconds. The slow-call limit, the probe's lease and the fair chance follow from it
   * (`attemptLimits`). Default 500.
   */
  readonly attemptTimeoutMs?: number;
  /**
   * A success that took this share of the attempt timeout counts as a failure: an endpoint that answers when nobody waits any
   * longer is down. Above 0, at most 1. Default 0.95.
   */
  readonly slowShare?: number;
  /**
   * How long an attempt may go on, in milliseconds, where `patience` replaces the attempt timeout: the call's deadline. An attempt that
   * outlives `attemptTimeoutMs` is then *late*. It counts as a failure until it is answered, and no answer is slow. At least
   * `attemptTimeoutMs`. Default: nothing is late, because attempts end at their timeout.
   */
  readonly patientForMs?: number | undefined;
  /**
   * For callers that wait until the breaker is half-open. A run of failures that is no chance opens the breaker, whatever the window
   * holds. A probe that fails at once does not lengthen the open time, and up to five such probes follow each other. Default false.
   */
  readonly noticesOutages?: boolean;
  /** Called when the breaker may admit a call again, or no longer does. Default: nobody. */
  readonly onChange?: () => void;
  /**
   * How long the breaker stays open the first time, in milliseconds. Doubles each time a probe fails. Jittered down by up to a
   * quarter. Default 250, or `maxOpenMs` if that is less.
   */
  readonly openMs?: number;
  /** The longest that the breaker stays open, in milliseconds. Recovery is noticed no later than this. Default 1,000. */
  readonly maxOpenMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Default `Math.random`. */
  readonly random?: Random;
  /** Called at each change of state and each refusal. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

export interface Breaker {
  readonly policy: Policy;
  readonly state: BreakerState;
  /** Whether a call would be admitted now: closed, or half-open without a probe in flight. */
  readonly admits: boolean;
  /**
   * The newest outcomes in the window: fifty, plus the others in the same tenth of the window. None while the breaker is not
   * closed, so that the breaker itself is asked first. At most 100 ms old.
   */
  readonly recent: RecentOutcomes;
  /** How often the breaker has opened in a row without closing in between. 0 while it is closed. */
  readonly openings: number;
  /** Attempts that are late and not yet decided. Each counts as a failure. 0 unless `patientForMs` is set. */
  readonly late: number;
  /** Empties the window. */
  forget(): void;
  /** Milliseconds until a call may be admitted again. 0 unless open. */
  readonly retryAfterMs: number;
  /** Releases opossum's listeners. Calls that are still running change nothing any longer. */
  close(): void;
}

/** Buckets of the rolling window: a tenth of the window is forgotten at a time. */
const BUCKETS = 10;
/** opossum rotates buckets of whole milliseconds: a shorter window would have buckets too short to hold anything. */
const LEAST_WINDOW_MS = 100;

/** The open time is drawn from the upper quarter of its range, so that many clients do not probe at the same instant. */
const OPEN_JITTER = 0.25;

/** Weight of the newest success in the usual duration. The last ten successes make up most of it. */
const USUAL_WEIGHT = 0.1;
const FAIR_MULTIPLE = 5;
const LEAST_FAIR_CHANCE_MS = 10;

/** A probe that fails within this share of the attempt timeout fails at once … */
const FAST_PROBE_SHARE = 0.2;
/** … and after so many of them in a row the breaker opens again. */
const FAST_PROBES = 5;

/** An attempt is late after this multiple of what answers usually take, if that is longer than the attempt timeout … */
const LATE_MULTIPLE = 2;
/** … but no later than this share of the time that it may take. */
const LATEST_SHARE = 0.95;
/** Nothing has answered for this share of the time that an attempt may take: the endpoint is silent. */
const SILENT_SHARE = 0.8;

const RECENT_AGE_MS = 100;
/** Enough to tell an endpoint from the others, and soon replaced. A whole window of good outcomes would hide new failures for seconds. */
const RECENT_OUTCOMES = 50;
const NO_OUTCOMES: RecentOutcomes = { outcomes: 0, failures: 0 };

/**
 * A circuit breaker. opossum judges, we admit.
 *
 * opossum holds the rolling window and the threshold: it says when to open. It never wraps the call. It is told an outcome once that
 * outcome is known, and only while the breaker is closed. So its timeout (which does not cancel), its semaphore (freed while the work
 * runs), its count of calls in flight (which dilutes the failure rate) and its global timer play no part. Admission adds what
 * opossum lacks:
 *
 * - Neutral outcomes (a caller's cancel, our own refusals, what a stall of this process delayed) are not told. opossum would take a filtered error for a success and
 *   close.
 * - An outcome of a call admitted before the last change of state is dropped. A late success must not close a breaker that newer
 *   failures opened.
 * - Half-open admits one probe, on a lease. A probe that never ends would otherwise lock everybody out (opossum #388).
 * - The window is emptied on close. Old failures must not reopen a recovered breaker (opossum #481).
 *
 * The breaker takes no timer. An open breaker becomes half-open when somebody looks at it after its open time has passed.
 *
 * @throws RangeError for an option out of range, or two options that contradict each other
 * @throws CallError (from the policy) `breaker_open`, sent `never`, with `retryAfterMs` until another call may be admitted
 */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const {
    windowMs = DEFAULTS.breakerWindowMs,
    minimumCalls = DEFAULTS.breakerMinimumCalls,
    failureRate = DEFAULTS.breakerFailureRate,
    attemptTimeoutMs = DEFAULTS.attemptTimeoutMs,
    slowShare = DEFAULTS.breakerSlowShare,
    patientForMs,
    noticesOutages = false,
    onChange = () => undefined,
    maxOpenMs = DEFAULTS.breakerMaxOpenMs,
    openMs = Math.min(DEFAULTS.breakerOpenMs, maxOpenMs),
    clock = systemClock,
    random = Math.random,
    onEvent = ignoreEvents,
  } = options;
  checkMs('windowMs', windowMs, { min: LEAST_WINDOW_MS });
  checkCount('minimumCalls', minimumCalls, { min: 1 });
  // More than all is never reached: with a rate of 1 the breaker would never open.
  checkShare('failureRate', failureRate, [1]);
  checkMs('attemptTimeoutMs', attemptTimeoutMs, { min: 1 });
  // With a share of 0 every answer would be slow.
  checkShare('slowShare', slowShare, [0]);
  if (patientForMs !== undefined) {
    checkMs('patientForMs', patientForMs, { min: 1 });
    checkCap('attemptTimeoutMs', attemptTimeoutMs, 'patientForMs', patientForMs);
  }
  checkMs('maxOpenMs', maxOpenMs, { min: 1 });
  checkMs('openMs', openMs, { min: 1 });
  checkCap('openMs', openMs, 'maxOpenMs', maxOpenMs);
  const limits = attemptLimits(attemptTimeoutMs, slowShare);

  const rotation = new EventEmitter();
  const judge = new CircuitBreaker(settle, {
    timeout: false as const,
    volumeThreshold: minimumCalls,
    errorThresholdPercentage: failureRate * 100,
    rollingCountTimeout: windowMs,
    rollingCountBuckets: BUCKETS,
    // Otherwise each failure sorts every latency in the window: 14 ms of event loop at 100,000 samples (opossum #830).
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    rotateBucketController: rotation,
  });

  let state: BreakerState = 'closed';
  /** Counts changes of state. Tells outcomes of this state from those of calls admitted in an earlier one. */
  let epoch = 0;
  let openUntil = 0;
  let openingsInARow = 0;
  /** How often the open time has doubled. */
  let doublings = 0;
  const run = createFailureRun();
  let running = 0;
  let fastProbes = 0;
  /** Smoothed duration of a success. Until one has been seen, half of `fairChanceMs` is chance enough. */
  let usualMs = limits.fairChanceMs / (2 * FAIR_MULTIPLE);
  let answers = 0;
  const fairChanceMs = () => Math.min(limits.fairChanceMs, Math.max(LEAST_FAIR_CHANCE_MS, FAIR_MULTIPLE * usualMs));
  /** The breaker opened because of attempts that may still be answered, and nothing has failed since. */
  let openedByLate = false;
  /** Probes that were late, so that the breaker opened again, and that may still be answered. */
  const lateProbes = new Set<FollowedAttempt>();
  let probe: { readonly expiresAt: number } | undefined;

  const enter = (to: BreakerState) => {
    const from = state;
    state = to;
    epoch++;
    probe = undefined;
    onEvent({ type: 'breaker_transition', from, to });
    onChange();
  };
  /** @param isLonger whether the next time will be twice as long */
  const open = (isLonger = true) => {
    const fullMs = Math.min(maxOpenMs, openMs * 2 ** doublings);
    openingsInARow++;
    if (isLonger) doublings++;
    fastProbes = 0;
    openUntil = clock.now() + fullMs * (1 - OPEN_JITTER * random());
    enter('open');
  };
  const close = () => {
    forget();
    openingsInARow = 0;
    doublings = 0;
    openedByLate = false;
    lateProbes.clear();
    enter('closed');
  };
  judge.on('open', () => {
    // opossum would become half-open by a global timer, which knows only the process's clock. Closing it at once clears that timer.
    judge.close();
    if (state === 'closed') open(!noticesOutages);
  });

  const late = createLateAttempts(clock);
  /** An attempt is late after this long. Follows what answers usually take, so that a slow endpoint that answers everybody is not late. */
  const lateAfterMs = (mayTakeMs: number) =>
    Math.min(LATEST_SHARE * mayTakeMs, Math.max(attemptTimeoutMs, LATE_MULTIPLE * usualMs));
  /** Share of failures in the window, late attempts included. 0 while there are too few outcomes. */
  const failureShare = () => {
    const pending = late.pending === 0 ? 0 : late.pendingFor(lateAfterMs(patientForMs ?? 0));
    let [outcomes, failures] = [pending, pending];
    rotate();
    for (const { fires, failures: failed } of judge.status.window) {
      outcomes += fires;
      failures += failed;
    }
    return outcomes < minimumCalls ? 0 : failures / outcomes;
  };
  const considerLate = () => {
    if (late.pending === 0 || state !== 'closed') return;
    const isSilent = late.isSilent(minimumCalls, SILENT_SHARE * (patientForMs ?? 0));
    if (!isSilent && failureShare() <= failureRate) return;
    open(isSilent || !noticesOutages);
    openedByLate = true;
  };
  // opossum does not know of late attempts.
  judge.on('failure', considerLate);
  // Attempts that were late are answered after all: what opened the breaker is taken back.
  judge.on('success', () => {
    if (openedByLate && failureShare() <= failureRate) close();
  });

  /** The state as of now: an open breaker whose time has passed becomes half-open. */
  const current = (): BreakerState => {
    if (state === 'open' && clock.now() >= openUntil) enter('half_open');
    return state;
  };

  // opossum would rotate on an interval timer per breaker. Rotating whenever something is told needs no timer.
  const bucketMs = windowMs / BUCKETS;
  let bucketEndsAt = clock.now() + bucketMs;
  const rotate = () => {
    const passed = 1 + Math.floor((clock.now() - bucketEndsAt) / bucketMs);
    for (let bucket = 0; bucket < Math.min(passed, BUCKETS); bucket++) rotation.emit('rotate');
    bucketEndsAt += passed * bucketMs;
  };

  const tellJudge = (verdict: 'success' | 'failure') => {
    rotate();
    if (verdict === 'success') {
      // Counted by the events that `fire` would emit. A success never opens anything, so the promises and
      // checks of `fire` would be work for nothing.
      judge.emit('fire');
      judge.emit('success');
      return;
    }
    // The rejection is the verdict itself coming back. The caller already has the real error.
    judge.fire().catch(() => undefined);
  };

  // Adding up the window costs too much to do for every choice of an endpoint.
  let recent: RecentOutcomes = NO_OUTCOMES;
  let recentUntil = 0;
  const forget = () => {
    late.forget();
    for (let bucket = 0; bucket < BUCKETS; bucket++) rotation.emit('rotate');
    recentUntil = 0;
  };
  const recentOutcomes = () => {
    // The window still holds what opened the breaker. Judged by that, a half-open endpoint would never be asked again.
    if (current() !== 'closed') return NO_OUTCOMES;
    const now = clock.now();
    if (now >= recentUntil) {
      rotate();
      recent = newestOf(judge.status.window, late.pending);
      recentUntil = now + RECENT_AGE_MS;
    }
    return recent;
  };

  const retryAfterMs = () => Math.max(0, current() === 'open' ? openUntil - clock.now() : 0);

  const refuse = ({ watch }: CallContext, message: string, hintMs: number): never => {
    tell({ type: 'rejected', code: 'breaker_open' }, onEvent, watch);
    throw new CallError('breaker_open', message, { retryAfterMs: Math.ceil(hintMs) });
  };

  /** Admits a call or refuses it. @returns the lease if the call is the probe */
  const admit = (context: CallContext) => {
    const now = current();
    if (now === 'closed') return undefined;
    if (now === 'open') return refuse(context, 'the breaker is open: the last calls failed', retryAfterMs());
    const at = clock.now();
    if (probe !== undefined && probe.expiresAt > at) {
      return refuse(context, 'the breaker is half-open: one call is finding out', probe.expiresAt - at);
    }
    probe = { expiresAt: at + limits.probeLeaseMs };
    return probe;
  };

  const follow = ({ attempt, watch }: CallContext, mayTakeMs: number, lease: typeof probe) => {
    const admittedIn = epoch;
    // Everybody waits for a probe, so it has no longer than any other attempt.
    const afterMs = lease === undefined ? lateAfterMs(mayTakeMs) : Math.min(attemptTimeoutMs, LATEST_SHARE * mayTakeMs);
    return late.follow(afterMs, (followed) => {
      tell({ type: 'late', attempt }, onEvent, watch);
      if (epoch !== admittedIn) return;
      if (lease === undefined) {
        late.count(followed);
        considerLate();
      } else if (lease === probe) {
        open();
        lateProbes.add(followed);
      }
    });
  };
  const considerRun = () => {
    run.failed();
    if (run.isNoChance(running)) open(false);
  };
  const freeProbe = () => {
    if (probe === undefined) return;
    probe = undefined;
    onChange();
  };
  const probeFailed = (tookMs: number) => {
    openedByLate = false;
    run.failed();
    const atOnce = noticesOutages && tookMs < attemptTimeoutMs * FAST_PROBE_SHARE;
    if (atOnce && ++fastProbes < FAST_PROBES) freeProbe();
    else open(!atOnce);
  };
  const patientVerdictOf = (
    error: unknown,
    { signal }: CallContext,
    { startedAt, isLate }: FollowedAttempt,
  ): Verdict => {
    const nobodyAnswered = !late.hasAnsweredSince(startedAt);
    // Late, and another attempt of the same call was answered first. Or its caller left, as everybody does whom nobody answers.
    if (isLate && signal.aborted && (wasOutrun(signal) || nobodyAnswered) && !(isCallError(error) && error.ownStall))
      return 'failure';
    // A caller in a hurry speaks for the endpoint only if nobody else was answered meanwhile.
    const tookMs = clock.now() - startedAt;
    return verdictOf(error, isLate || (nobodyAnswered && tookMs >= fairChanceMs()));
  };

  return {
    policy: (next) => async (context) => {
      const lease = admit(context);
      const { watch, attempt } = context;
      watch?.({ type: 'breaker_admitted', attempt, state });
      const admittedIn = epoch;
      const startedAt = clock.now();
      running++;
      let wasCut = false;
      const followed = patientForMs === undefined ? undefined : follow(context, patientForMs, lease);
      let verdict: Verdict = 'neutral';
      try {
        const value = await next(context);
        const tookMs = clock.now() - startedAt;
        if (context.notes.stalledAttempt === attempt) return value;
        if (followed !== undefined && !followed.isLate && clock.now() > followed.lateAt) return value;
        // The first answers say all that is known: a slow endpoint must not look like a silent one until ten have come.
        usualMs += (tookMs - usualMs) * (followed === undefined ? USUAL_WEIGHT : Math.max(USUAL_WEIGHT, 1 / ++answers));
        verdict = followed === undefined && tookMs >= limits.slowCallMs ? 'failure' : 'success';
        return value;
      } catch (error) {
        wasCut = isCallError(error) && (error.code === 'attempt_timeout' || error.code === 'deadline_exceeded');
        verdict =
          followed === undefined
            ? verdictOf(error, clock.now() - startedAt >= fairChanceMs())
            : patientVerdictOf(error, context, followed);
        throw error;
      } finally {
        watch?.({ type: 'breaker_verdict', attempt, verdict });
        running--;
        const wasCounted = followed !== undefined && late.end(followed);
        if (followed !== undefined && verdict === 'success') late.answered();
        if (noticesOutages && verdict === 'success') run.succeeded();
        if (followed?.isLate === true) {
          if (wasCounted && verdict !== 'neutral') tellJudge(verdict);
          else if (verdict === 'success' && lateProbes.has(followed)) close();
          lateProbes.delete(followed);
          // A probe whose lease has passed to another call speaks only for itself.
        } else if (epoch === admittedIn && lease === probe) {
          if (verdict === 'neutral') freeProbe();
          else if (state === 'closed') {
            tellJudge(verdict);
            if (noticesOutages && verdict === 'failure' && !wasCut) considerRun();
          } else if (verdict === 'success') close();
          else probeFailed(clock.now() - startedAt);
        }
      }
    },
    get state() {
      return current();
    },
    get admits() {
      const now = current();
      return now === 'closed' || (now === 'half_open' && (probe === undefined || probe.expiresAt <= clock.now()));
    },
    get recent() {
      return recentOutcomes();
    },
    get openings() {
      return openingsInARow;
    },
    get late() {
      return late.pending;
    },
    get retryAfterMs() {
      return retryAfterMs();
    },
    forget,
    close() {
      epoch++;
      judge.shutdown();
    },
  };
}

/**
 * @param buckets of the rolling window, the newest first
 * @param late attempts that count as failures for now
 */
function newestOf(
  buckets: readonly { readonly fires: number; readonly failures: number }[],
  late: number,
): RecentOutcomes {
  let [outcomes, failed] = [late, late];
  for (const { fires, failures } of buckets) {
    if (outcomes >= RECENT_OUTCOMES) break;
    outcomes += fires;
    failed += failures;
  }
  return { outcomes, failures: failed };
}

/** opossum's action, which is asked only for failures. */
function settle(): Promise<void> {
  return Promise.reject(new Error('told a failure'));
}
