/** How often a comparison rings although nothing differs, and how seldom it misses what does. */
import { describe, expect, it } from 'vitest';
import { alarmLevel, type Estimate, pairedDifference } from '../../src/statistics/index.ts';
import { wilsonInterval } from '../../src/statistics/score-interval.ts';
import { type SimulatedRun, simulateOutage } from '../statistics/simulated-outage.ts';

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
