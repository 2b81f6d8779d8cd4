import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import {
  attemptLimits,
  attemptTimeout,
  type BreakerState,
  type Call,
  CallError,
  type Clock,
  compose,
  createBreaker,
  createBulkhead,
  createRetryBudget,
  deadline,
  none,
  type Policy,
  patience,
  type RetryBudget,
  type RetryBudgetOptions,
  retry,
  sleep,
} from '../src/index.ts';
import { chance, testContext as context, remoteError, unreachable, virtualTime } from '../src/testing/index.ts';

/** A tenth or so of the defaults, so that a few virtual seconds hold many openings, timeouts and retries. */
export const LIMITS = {
  deadlineMs: 400,
  attempts: 3,
  baseMs: 10,
  capMs: 200,
  attemptTimeoutMs: 100,
  windowMs: 2_000,
  minimumCalls: 5,
  failureRate: 0.5,
  slowShare: 0.8,
  openMs: 50,
  maxOpenMs: 200,
} as const;

/** What the downstream does for a while. `deaf`: it hangs, and nothing makes the transport let go. */
export interface Phase {
  readonly kind: 'well' | 'refuses' | 'busy' | 'slow' | 'hangs' | 'deaf';
  readonly lengthMs: number;
  readonly answerMs: number;
  readonly retryAfterMs: number | undefined;
  /** How much longer than the phase deaf work goes on, and whether it then ends well. */
  readonly lingerMs: number;
  readonly endsWell: boolean;
}

export interface Caller {
  /** After the caller before. */
  readonly afterMs: number;
  readonly leavesAfterMs: number | undefined;
  readonly deadlineMs: number | undefined;
}

export interface Scenario {
  readonly phases: readonly Phase[];
  readonly callers: readonly Caller[];
  readonly places: { readonly maxInFlight: number; readonly maxQueued: number };
  readonly budget: Required<RetryBudgetOptions>;
  readonly seed: number;
}

const upTo = (max: number) => fc.integer({ min: 0, max });
// From 1: no timer takes less.
const sometimes = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined, freq: 4 });

export const phase = (mostLingerMs: number): fc.Arbitrary<Phase> =>
  fc
    .record({
      kind: fc.constantFrom('well', 'refuses', 'busy', 'slow', 'hangs', 'deaf' as const),
      lengthMs: fc.integer({ min: 1, max: 800 }),
      answerMs: upTo(20),
      slowMs: fc.integer({ min: 20, max: 200 }),
      retryAfterMs: sometimes(300),
      lingerMs: upTo(mostLingerMs),
      endsWell: fc.boolean(),
    })
    .map(({ slowMs, answerMs, ...rest }) => ({ ...rest, answerMs: rest.kind === 'slow' ? slowMs : answerMs }));

export const budget: fc.Arbitrary<Required<RetryBudgetOptions>> = fc
  .record({ ratio: fc.constantFrom(0, 0.1, 0.2, 0.5, 1), capacity: upTo(12), initial: upTo(12) })
  .map((one) => ({ ...one, initial: Math.min(one.initial, one.capacity) }));

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  phases: fc.array(phase(600), { maxLength: 6, size: 'max' }),
  callers: fc.array(fc.record({ afterMs: upTo(25), leavesAfterMs: sometimes(450), deadlineMs: sometimes(450) }), {
    minLength: 1,
    maxLength: 150,
    size: 'max',
  }),
  places: fc.record({ maxInFlight: fc.integer({ min: 1, max: 24 }), maxQueued: upTo(6) }),
  budget,
  seed: fc.integer(),
});

interface SeenCall {
  readonly caller: Caller;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  settledAt: number | undefined;
  outcome: unknown;
}

export interface Attempt {
  readonly number: number;
  readonly startedAt: number;
  readonly deadlineAt: number;
}

/** What was seen from outside, in milliseconds since the scenario began. */
export interface Recording {
  readonly calls: readonly SeenCall[];
  readonly attempts: readonly Attempt[];
  /** Successes of the transport and retries, in order. */
  readonly ledger: readonly ('success' | 'retry')[];
  /** The budget after each change. */
  readonly tokens: readonly number[];
  readonly transitions: readonly { readonly atMs: number; readonly from: BreakerState; readonly to: BreakerState }[];
  /** The state of the breaker after each thing that happened. */
  readonly looks: readonly { readonly atMs: number; readonly state: BreakerState }[];
  /** For each probe, how many others held an unexpired lease when it began. */
  readonly otherProbes: readonly number[];
  readonly mostWorkAtOnce: number;
  /** At the moment the last call had settled and the last work had ended. */
  readonly leftBehind: {
    readonly timers: number;
    readonly inFlight: number;
    readonly queued: number;
    readonly listeners: number;
  };
}

/**
 * Plays a scenario on the virtual clock until nothing is left to happen.
 * @param isPatient whether `patience` replaces the attempt timeout
 */
export async function play(
  { phases, callers, places, budget: budgetOptions, seed }: Scenario,
  isPatient = false,
): Promise<Recording> {
  const { clock, advanceToNext, pending } = virtualTime();
  const zero = clock.now();
  const now = () => clock.now() - zero;
  const random = chance(seed);

  const ledger: ('success' | 'retry')[] = [];
  const transitions: { atMs: number; from: BreakerState; to: BreakerState }[] = [];
  const looks: { atMs: number; state: BreakerState }[] = [];
  const tokens: number[] = [];
  const bulkhead = createBulkhead({ ...places, onEvent: () => undefined });
  const breaker = createBreaker({
    ...LIMITS,
    patientForMs: isPatient ? LIMITS.deadlineMs : undefined,
    clock,
    random,
    onEvent: (event) => {
      if (event.type === 'breaker_transition') transitions.push({ atMs: now(), from: event.from, to: event.to });
    },
  });
  const tokensLeft = watchTokens(createRetryBudget(budgetOptions), tokens);
  const onEvent = ({ type }: { readonly type: string }) => {
    if (type === 'retry' || type === 'hedge') ledger.push('retry');
  };
  const retries = retry({ ...LIMITS, budget: tokensLeft, clock, random, onEvent });
  const patient = patience({ afterMs: LIMITS.attemptTimeoutMs, budget: tokensLeft, clock, onEvent });
  const probes = watchProbes(() => breaker.state, now);
  const downstream = createDownstream(phases, clock, ledger);
  const call = compose(
    deadline({ timeoutMs: LIMITS.deadlineMs, clock }),
    bulkhead.policy,
    retries,
    isPatient ? patient : none,
    breaker.policy,
    probes.policy,
    isPatient ? none : attemptTimeout({ timeoutMs: LIMITS.attemptTimeoutMs, clock }),
  )(downstream.transport);

  const calls: SeenCall[] = [];
  const arrive = (caller: Caller) => {
    const leaver = new AbortController();
    const arrivedAt = now();
    const deadlineAt = arrivedAt + Math.min(LIMITS.deadlineMs, caller.deadlineMs ?? Number.POSITIVE_INFINITY);
    const seen: SeenCall = {
      caller,
      arrivedAt,
      deadlineAt,
      signal: leaver.signal,
      settledAt: undefined,
      outcome: undefined,
    };
    calls.push(seen);
    const { leavesAfterMs, deadlineMs } = caller;
    const takeBack = leavesAfterMs === undefined ? () => undefined : clock.after(leavesAfterMs, () => leaver.abort());
    const settle = (outcome: unknown) => {
      takeBack();
      seen.outcome = outcome;
      seen.settledAt = now();
    };
    const asked = deadlineMs === undefined ? Number.POSITIVE_INFINITY : zero + deadlineAt;
    call(context({ signal: leaver.signal, deadlineAt: asked })).then(settle, (error: { code?: unknown }) =>
      settle(error.code ?? error),
    );
  };
  const arriveInTurn = ([next, ...rest]: readonly Caller[]) => {
    if (next === undefined) return;
    clock.after(next.afterMs, () => {
      arrive(next);
      arriveInTurn(rest);
    });
  };
  arriveInTurn(callers);

  const settled = () => calls.length === callers.length && calls.every(({ settledAt }) => settledAt !== undefined);
  const runUntil = async (done: () => boolean) => {
    await settle();
    for (;;) {
      looks.push({ atMs: now(), state: breaker.state });
      if (done() || !(await advanceToNext())) return;
    }
  };
  await runUntil(() => downstream.working() === 0 && settled());
  const leftBehind = {
    timers: pending(),
    inFlight: bulkhead.inFlight,
    queued: bulkhead.queued,
    listeners: calls.reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0),
  };
  await runUntil(() => false);
  breaker.close();
  return {
    calls,
    attempts: downstream.attempts,
    ledger,
    tokens,
    transitions,
    looks,
    otherProbes: probes.others,
    mostWorkAtOnce: downstream.mostAtOnce(),
    leftBehind,
  };
}

/** Lets every promise run that needs no timer. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function createDownstream(phases: readonly Phase[], clock: Clock, ledger: ('success' | 'retry')[]) {
  const attempts: Attempt[] = [];
  const zero = clock.now();
  const now = () => clock.now() - zero;
  let working = 0;
  let most = 0;
  const work: Call<string> = async ({ signal }) => {
    const { kind, answerMs, retryAfterMs, endsAt, lingerMs, endsWell } = phaseAt(phases, now());
    switch (kind) {
      case 'refuses':
        throw unreachable();
      case 'busy':
        await sleep(clock, answerMs, signal);
        throw remoteError(503, retryAfterMs);
      case 'hangs':
        await sleep(clock, endsAt - now(), signal);
        throw lost();
      case 'deaf':
        await sleep(clock, endsAt - now() + lingerMs, new AbortController().signal);
        if (!endsWell) throw lost();
        return 'late answer';
      default:
        await sleep(clock, answerMs, signal);
        return 'answer';
    }
  };
  const transport: Call<string> = async (ctx) => {
    attempts.push({ number: ctx.attempt, startedAt: now(), deadlineAt: ctx.deadlineAt - zero });
    most = Math.max(most, ++working);
    try {
      const answer = await work(ctx);
      ledger.push('success');
      return answer;
    } finally {
      working--;
    }
  };
  return { transport, attempts, working: () => working, mostAtOnce: () => most };
}

const lost = () => new CallError('connection_lost', 'reset', { sent: 'perhaps' });

const WELL = { kind: 'well', answerMs: 5, retryAfterMs: undefined, lingerMs: 0, endsWell: true } as const;

/** The phase at this time, and when it ends. After the last one the downstream is well for ever. */
function phaseAt(phases: readonly Phase[], atMs: number): Omit<Phase, 'lengthMs'> & { readonly endsAt: number } {
  let endsAt = 0;
  for (const one of phases) {
    endsAt += one.lengthMs;
    if (atMs < endsAt) return { ...one, endsAt };
  }
  return { ...WELL, endsAt: Number.POSITIVE_INFINITY };
}

function watchTokens(real: RetryBudget, tokens: number[]): RetryBudget {
  tokens.push(real.remaining);
  return {
    earn() {
      real.earn();
      tokens.push(real.remaining);
    },
    spend() {
      const paid = real.spend();
      tokens.push(real.remaining);
      return paid;
    },
    get remaining() {
      return real.remaining;
    },
    capacity: real.capacity,
  };
}

/** Stands right below the breaker: whatever passes while it is half-open is a probe. */
function watchProbes(state: () => BreakerState, now: () => number) {
  const running = new Set<{ readonly leasedUntil: number }>();
  const others: number[] = [];
  const policy: Policy = (next) => async (ctx) => {
    if (state() !== 'half_open') return next(ctx);
    others.push([...running].filter(({ leasedUntil }) => leasedUntil > now()).length);
    const probe = { leasedUntil: now() + attemptLimits(LIMITS.attemptTimeoutMs).probeLeaseMs };
    running.add(probe);
    try {
      return await next(ctx);
    } finally {
      running.delete(probe);
    }
  };
  return { policy, others };
}
