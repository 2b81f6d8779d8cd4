import type { Random } from '@halfopen/client';
import { ln } from '../engine/elementary.ts';

/** A rate of calls that holds until the next one begins. */
export interface RateFrom {
  /** Milliseconds since the world began. */
  readonly fromMs: number;
  /** Calls a second. 0 for none. */
  readonly perS: number;
}

/**
 * Moments of calls that come independently of each other, and of what becomes of them: a Poisson process, laid along the integral of
 * the rate. So two variants of a seed with the same rates have the same calls.
 * @param rates ascending by `fromMs`
 * @param untilMs no call is due later
 */
export function* poissonArrivals(random: Random, rates: readonly RateFrom[], untilMs: number): Generator<number> {
  for (const [index, { fromMs, perS }] of rates.entries()) {
    const endsMs = Math.min(untilMs, rates[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
    if (perS <= 0) continue;
    // The process has no memory: what is left of a gap when the rate changes can be drawn anew.
    for (let atMs = fromMs - (1_000 * ln(1 - random())) / perS; atMs < endsMs; ) {
      yield atMs;
      atMs -= (1_000 * ln(1 - random())) / perS;
    }
  }
}

/** Moments at equal distances: the calls of a metronome, which queueing theory calls D. */
export function* evenArrivals(rates: readonly RateFrom[], untilMs: number): Generator<number> {
  for (const [index, { fromMs, perS }] of rates.entries()) {
    const endsMs = Math.min(untilMs, rates[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
    if (perS <= 0) continue;
    const gapMs = 1_000 / perS;
    for (let n = 0, atMs = fromMs; atMs < endsMs; atMs = fromMs + ++n * gapMs) yield atMs;
  }
}

/** Several sequences of moments as one. @param sequences each ascending */
export function* merged(...sequences: readonly Iterable<number>[]): Generator<number> {
  const heads = sequences.map((sequence) => sequence[Symbol.iterator]()).map((rest) => ({ rest, next: rest.next() }));
  for (;;) {
    let soonest: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.next.done === true) continue;
      if (soonest === undefined || head.next.value < (soonest.next.value as number)) soonest = head;
    }
    if (soonest === undefined) return;
    yield soonest.next.value as number;
    soonest.next = soonest.rest.next();
  }
}
