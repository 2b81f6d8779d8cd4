import { describe, expect, it } from 'vitest';
import { alarmLevel, type Estimate, pairedDifference, unpairedDifference } from '../../src/statistics/index.ts';
import { wilsonInterval } from '../../src/statistics/score-interval.ts';
import { chances, type SimulatedRun, simulateOutage } from './simulated-outage.ts';

const P99 = { kind: 'quantile', q: 0.99 } as const;
const MEAN = { kind: 'mean' } as const;
const METRICS = 3;

/** What `compare` asks of two results of one policy: is any of three figures different with certainty? */
function alarms(a: SimulatedRun, b: SimulatedRun, seed: number): boolean {
  const options = { seed, level: alarmLevel(METRICS) };
  return [
    pairedDifference([a.success], [b.success], 'share', options),
    pairedDifference([a.tookMs], [b.tookMs], P99, options),
    pairedDifference([a.attempts], [b.attempts], MEAN, options),
  ].some((difference) => !holdsNought(difference));
}

function holdsNought({ interval }: Estimate): boolean {
  return interval !== null && interval[0] <= 0 && interval[1] >= 0;
}

/** A tenth of the calls fails, a third, and half of them, where the breaker flaps. */
const HITS = [0.1, 0.33, 0.5];

describe('an A/A comparison', () => {
  const pairs = Array.from({ length: 200 }, (_, pair) => {
    const outage = { arrivals: 2000, ratePerS: 100, hit: HITS[pair % HITS.length] as number };
    return { a: simulateOutage(pair, 10_000 + pair, outage), b: simulateOutage(pair, 20_000 + pair, outage) };
  });

  it('rings falsely in at most 10 of 200', { timeout: 120_000 }, () => {
    const rang = pairs.filter(({ a, b }, seed) => alarms(a, b, seed));
    expect(rang.length).toBeLessThanOrEqual(10);
  });

  it('would ring three times as often if bursts were taken for single failures', () => {
    const naive = pairs.filter(({ a, b }) => {
      const level = alarmLevel(METRICS);
      const [left, right] = [a, b].map(({ success }) =>
        wilsonInterval(
          success.reduce((sum, one) => sum + one, 0),
          success.length,
          level,
        ),
      ) as [readonly [number, number], readonly [number, number]];
      return left[1] < right[0] || right[1] < left[0];
    });
    expect(naive.length).toBeGreaterThan(30);
  });
});

describe('a planted loss of 2 %', () => {
  it('is found in 19 of 20 pairs, with a tenth of the calls hit', { timeout: 120_000 }, () => {
    const found = Array.from({ length: 20 }, (_, pair) => {
      const outage = { arrivals: 6000, ratePerS: 100, hit: 0.1 };
      const [a, b] = [
        simulateOutage(pair, 30_000 + pair, outage),
        simulateOutage(pair, 40_000 + pair, { ...outage, planted: 0.02 }),
      ];
      const { interval } = pairedDifference([b.success], [a.success], 'share', {
        seed: pair,
        level: alarmLevel(METRICS),
      });
      return interval !== null && interval[1] < 0;
    });
    expect(found.filter(Boolean).length).toBeGreaterThanOrEqual(19);
  });
});

describe('pairing', () => {
  const chance = chances(5);
  /** Half of the arrivals are slow victims on both sides, one in fifty fails on the second alone. */
  const a = Float64Array.from({ length: 2000 }, () => (chance() < 0.5 ? 1 : 0));
  const b = a.map((one) => (chance() < 0.02 ? 0 : one));

  it('sees what two shares apart do not', () => {
    expect(holdsNought(unpairedDifference([b], [a], 'share', { seed: 1 }))).toBe(true);
    expect(holdsNought(pairedDifference([b], [a], 'share', { seed: 1 }))).toBe(false);
  });

  it('gives the difference of the two figures, and turns its sign with them', () => {
    const tookMs = Float64Array.from({ length: 1000 }, () => chance() * 100);
    const slower = tookMs.map((one) => one + 5);
    const { value, interval } = pairedDifference([slower], [tookMs], P99, { seed: 1 });
    expect(value).toBeCloseTo(5, 9);
    for (const end of interval ?? []) expect(end).toBeCloseTo(5, 9);
    expect(pairedDifference([tookMs], [slower], P99, { seed: 1 }).value).toBeCloseTo(-5, 9);
  });

  it('never says more than 100 percentage points', () => {
    const [bad, good] = [new Uint8Array(60), new Uint8Array(60).fill(1)];
    good.fill(0, 0, 20);
    for (const difference of [pairedDifference, unpairedDifference]) {
      const { interval } = difference([good], [bad], 'share', { seed: 1, level: 0.9999 });
      expect(interval?.[1]).toBe(1);
    }
  });

  it('has no difference of p99 from 300 requests', () => {
    const few = Float64Array.from({ length: 300 }, (_, i) => i);
    expect(pairedDifference([few], [few], P99, { seed: 1 })).toEqual({ value: 0, interval: null });
    expect(unpairedDifference([few], [few], P99, { seed: 1 }).interval).toBeNull();
  });

  it('takes several runs, and refuses what is no pair', () => {
    expect(pairedDifference([a, b], [a, b], 'share', { seed: 1 }).value).toBe(0);
    expect(() => pairedDifference([a], [a.slice(1)], 'share', { seed: 1 })).toThrow(
      'the same arrivals on both sides, not 2000 and 1999',
    );
    expect(() => pairedDifference([a], [a, a], 'share', { seed: 1 })).toThrow(
      'as many runs on both sides, not 1 and 2',
    );
  });
});
