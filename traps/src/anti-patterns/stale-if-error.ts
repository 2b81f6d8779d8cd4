import {
  type Call,
  type CallContext,
  type CallNotes,
  isCallError,
  type Policy,
  staleIfError,
  systemClock,
} from '@halfopen/client';
import { testContext, unreachable } from '@halfopen/testing';
import type { Measurement } from '../measurement.ts';
import { percent } from '../stage/observe.ts';
import { onVirtualTime, openLoop } from '../stage/on-virtual-time.ts';

const ours = () => staleIfError({ keyOf: () => 'same', maxBytes: 1_000 });

/** Returns the last good answer on any failure, for as long as the client chooses, without saying that it is old. */
const lastGoodAnswer =
  (usableMs: number): Policy =>
  <T>(next: Call<T>): Call<T> => {
    let kept: { readonly value: T; readonly storedAt: number } | undefined;
    return async (ctx) => {
      try {
        const value = await next(ctx);
        kept = { value, storedAt: systemClock.now() };
        return value;
      } catch (error) {
        if (kept === undefined || !isCallError(error) || systemClock.now() - kept.storedAt > usableMs) throw error;
        return kept.value;
      }
    };
  };

/** One hop between a caller and the downstream. */
type Hop = (answer: Call<Answer>) => Call<Answer>;

interface Answer {
  /** When the downstream produced it. */
  readonly saidAt: number;
}

const ALLOWED_S = 60;
const FRESH = `stale-if-error=${ALLOWED_S}`;

/** Marks an old answer `no-store`, as an edge does, so that no hop above keeps it. */
const ourHop: Hop = (next) => {
  const keep = ours()(next);
  return async (ctx) => {
    const notes: CallNotes = { ...ctx.notes, staleMs: undefined, staleBecause: undefined };
    const answer = await keep({ ...ctx, notes });
    ctx.notes.cacheControl = notes.staleMs === undefined ? FRESH : 'no-store';
    ctx.notes.staleMs = notes.staleMs;
    return answer;
  };
};
const naiveHop: Hop = (next) => lastGoodAnswer(ALLOWED_S * 1_000)(next);

const GOOD_S = 10;

interface Given {
  readonly ctx: CallContext;
  readonly ageMs: number | undefined;
}

/** Ten calls per second; after `GOOD_S` seconds the downstream is gone. @returns what callers got during the outage */
const outageOf = (call: (downstream: Call<Answer>) => Call<Answer>, seconds: number) =>
  onVirtualTime(async () => {
    const startedAt = systemClock.now();
    const downstream: Call<Answer> = async ({ notes }) => {
      if (systemClock.now() - startedAt > GOOD_S * 1_000) throw unreachable();
      notes.cacheControl = FRESH;
      return { saidAt: systemClock.now() };
    };
    const through = call(downstream);
    const all = await openLoop(
      { ratePerS: 10, seconds: GOOD_S + seconds },
      async (atMs): Promise<Given & { atMs: number }> => {
        const ctx = testContext();
        const saidAt = await through(ctx).then(
          (answer) => answer.saidAt,
          () => undefined,
        );
        return { atMs, ctx, ageMs: saidAt === undefined ? undefined : systemClock.now() - saidAt };
      },
    );
    return all.filter(({ atMs }) => atMs > GOOD_S * 1_000);
  });

const oldestS = (given: readonly Given[]) => ({ amount: Math.max(...given.map(({ ageMs = 0 }) => ageMs)) / 1_000 });

const HOPS = 3;
const hops =
  (hop: Hop) =>
  (downstream: Call<Answer>): Call<Answer> =>
    Array.from({ length: HOPS }).reduce<Call<Answer>>((next) => hop(next), downstream);

const OUTAGE_S = 30;
const LONG_S = 600;
const CLIENT_S = 3_600;

export const STALE_IF_ERROR: readonly Measurement[] = [
  {
    id: 'stale-looks-fresh',
    antiPattern: 'An old answer that looks fresh',
    done: `${HOPS} hops that each keep the last answer for ${ALLOWED_S} s (ours: as its \`stale-if-error=${ALLOWED_S}\` says), an outage of ${LONG_S} s: oldest answer given`,
    stage: 'simulated',
    library: undefined,
    say: (seconds) => `${seconds} s`,
    naive: async () => oldestS(await outageOf(hops(naiveHop), LONG_S)),
    ours: async () => oldestS(await outageOf(hops(ourHop), LONG_S)),
    shows: (naive, good) => naive.amount > 2 * ALLOWED_S && good.amount <= ALLOWED_S,
  },
  {
    id: 'stale-counted-as-success',
    antiPattern: 'Counted as a success',
    done: `an outage of ${OUTAGE_S} s, bridged by old answers: calls counted as successes of the downstream`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    // A counter around the call takes every answer for a success.
    naive: async () => ({
      amount: percent(await outageOf(lastGoodAnswer(CLIENT_S * 1_000), OUTAGE_S), ({ ageMs }) => ageMs !== undefined),
    }),
    // A call with `staleMs` counts as `outcome="degraded"`.
    ours: async () => ({
      amount: percent(
        await outageOf(ours(), OUTAGE_S),
        ({ ageMs, ctx }) => ageMs !== undefined && ctx.notes.staleMs === undefined,
      ),
    }),
    shows: (naive, good) => naive.amount === 100 && good.amount === 0,
  },
  {
    id: 'client-decides-age',
    antiPattern: 'The client decides how old is good enough',
    done: `the client keeps the answer for an hour, but the answer says \`stale-if-error=${ALLOWED_S}\`; an outage of ${LONG_S} s: oldest answer given`,
    stage: 'simulated',
    library: undefined,
    say: (seconds) => `${seconds} s`,
    naive: async () => oldestS(await outageOf(lastGoodAnswer(CLIENT_S * 1_000), LONG_S)),
    ours: async () => oldestS(await outageOf(ours(), LONG_S)),
    shows: (naive, good) => naive.amount > 0.9 * LONG_S && good.amount <= ALLOWED_S,
  },
];
