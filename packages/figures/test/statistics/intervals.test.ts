import { describe, expect, it } from 'vitest';
import { widenedByRuns } from '../../src/statistics/between-runs.ts';
import { blockLength } from '../../src/statistics/block-length.ts';
import { independentBlocks } from '../../src/statistics/freedom.ts';
import { meanInterval, quantileInterval, shareInterval } from '../../src/statistics/index.ts';
import { normalQuantile, studentQuantile } from '../../src/statistics/normal.ts';
import { matchedInterval, wilsonInterval } from '../../src/statistics/score-interval.ts';
import { chances, simulateOutage, spread } from './simulated-outage.ts';

describe('the tables', () => {
  it('knows the normal and Student quantiles of any textbook', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 5);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232, 5);
    expect(studentQuantile(0.975, 2)).toBeCloseTo(4.302653, 5);
    expect(studentQuantile(0.025, 4)).toBeCloseTo(-2.776445, 5);
    expect(studentQuantile(0.9995, 3)).toBeCloseTo(12.92398, 4);
    expect(studentQuantile(0.9995, 30)).toBeCloseTo(3.645959, 5);
    expect(() => normalQuantile(1)).toThrow(RangeError);
  });

  it("gives Wilson's interval as published (Newcombe 1998, 81 of 263 and 0 of 20)", () => {
    const [low, high] = wilsonInterval(81, 263, 0.95);
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['0.2553', '0.3662']);
    expect(wilsonInterval(0, 20, 0.95)[1].toFixed(4)).toBe('0.1611');
  });

  it('does not take two equal samples for a proof of equality', () => {
    const [low, high] = matchedInterval(0, 0, 100, 0.95);
    expect(low).toBeLessThan(-0.015);
    expect(high).toBeGreaterThan(0.015);
  });
});

describe('blockLength', () => {
  it('is short where arrivals have nothing to do with each other, and longer than a burst where they have', () => {
    const chance = chances(1);
    const independent = Float64Array.from({ length: 4000 }, () => (chance() < 0.5 ? 1 : 0));
    expect(blockLength(independent)).toBeLessThan(40);
    const bursts = Float64Array.from({ length: 40 }, () => (chance() < 0.5 ? 1 : 0));
    expect(
      blockLength(Float64Array.from({ length: 4000 }, (_, i) => bursts[Math.floor(i / 100)] as number)),
    ).toBeGreaterThan(100);
  });

  it('leaves ten blocks to draw from', () => {
    const halves = Float64Array.from({ length: 1000 }, (_, i) => (i < 500 ? 1 : 0));
    expect(blockLength(halves)).toBe(100);
    expect(blockLength([1, 0, 1])).toBe(1);
  });
});

describe('independentBlocks', () => {
  it('are twice the bursts, however many blocks a burst lasts and whatever else fails', () => {
    const twoBursts = Float64Array.from({ length: 1200 }, (_, i) => (i % 600 >= 200 && i % 600 < 400 ? 0 : 1));
    expect(independentBlocks(twoBursts, 50)).toBe(4);
    const withStrays = twoBursts.map((one, i) => (i % 25 === 0 ? 0 : one));
    expect(independentBlocks(withStrays, 50)).toBe(4);
  });

  it('are at least four in ten of all, where arrivals have nothing to do with each other', () => {
    const chance = chances(3);
    const independent = Float64Array.from({ length: 12_000 }, () => (chance() < 0.3 ? 0 : 1));
    expect(independentBlocks(independent, 12)).toBeGreaterThan(400);
  });

  it('are none without a difference, never more than there are blocks, and all of a few values', () => {
    expect(independentBlocks(new Uint8Array(1200).fill(1), 12)).toBe(0);
    expect(independentBlocks([0, 0, 1, 1, 0, 0, 1, 1, 0], 2)).toBe(4);
    expect(independentBlocks([1, 1, 1, 2, 2, 2], 1)).toBe(6);
  });
});

describe('widenedByRuns', () => {
  const narrow = [1.9, 2.1] as const;

  it("gives Student's interval from three runs, around the value of all", () => {
    const [low, high] = widenedByRuns(narrow, 2, [[1, 2, 3]], { seed: 1 });
    expect(low).toBeCloseTo(2 - 4.302653 / Math.sqrt(3), 5);
    expect(high).toBeCloseTo(2 + 4.302653 / Math.sqrt(3), 5);
  });

  it("gives Welch's interval where runs are no pairs (alike: four degrees of freedom)", () => {
    const runs = [
      [1, 2, 3],
      [11, 12, 13],
    ];
    const [, high] = widenedByRuns([-10.1, -9.9], -10, runs, { seed: 1 });
    expect(high).toBeCloseTo(-10 + 2.776445 * Math.sqrt(2 / 3), 5);
  });

  it('never makes one narrower, and leaves it where there are two runs, or it is told to', () => {
    expect(widenedByRuns(narrow, 2, [[2, 2, 2]], { seed: 1 })).toEqual(narrow);
    expect(widenedByRuns(narrow, 2, [[1.999, 2, 2.001]], { seed: 1 })).toEqual(narrow);
    expect(widenedByRuns(narrow, 2, [[1, 3]], { seed: 1 })).toEqual(narrow);
    expect(widenedByRuns(narrow, 2, [[1, 2, 3]], { seed: 1, betweenRuns: false })).toEqual(narrow);
  });
});

describe('intervals', () => {
  it('is the same for the same seed, and another for another', () => {
    const { success } = simulateOutage(1, 2, { arrivals: 1000, ratePerS: 100, hit: 0.3 });
    expect(shareInterval([success], { seed: 7 })).toEqual(shareInterval([success], { seed: 7 }));
    expect(meanInterval([success], { seed: 7 })).not.toEqual(meanInterval([success], { seed: 8 }));
  });

  it('does not claim certainty from a thousand successes', () => {
    const { value, interval } = shareInterval([new Uint8Array(1000).fill(1)], { seed: 1 });
    expect(value).toBe(1);
    expect(interval?.[0]).toBeCloseTo(0.9962, 4);
    expect(interval?.[1]).toBe(1);
  });

  it('is wider for bursts than for as many failures far apart', () => {
    const apart = Uint8Array.from({ length: 2000 }, (_, i) => (i % 10 === 0 ? 0 : 1));
    const together = Uint8Array.from({ length: 2000 }, (_, i) => (i % 1000 < 100 ? 0 : 1));
    const width = (run: Uint8Array) => {
      const { interval } = shareInterval([run], { seed: 1 });
      return (interval?.[1] ?? 0) - (interval?.[0] ?? 0);
    };
    expect(width(together)).toBeGreaterThan(3 * width(apart));
  });

  it('holds the true share, mean and p99 of independent arrivals in about 95 of 100 samples', {
    timeout: 60_000,
  }, () => {
    let [share, mean, p99] = [0, 0, 0];
    for (let sample = 0; sample < 200; sample++) {
      const chance = chances(spread(1000 + sample));
      const tookMs = Float64Array.from({ length: 1000 }, () => -Math.log(1 - chance()) * 10);
      const quick = tookMs.map((one) => (one < 10 ? 1 : 0));
      const holds = (interval: readonly [number, number] | null, truth: number) =>
        interval !== null && interval[0] <= truth && truth <= interval[1] ? 1 : 0;
      share += holds(shareInterval([quick], { seed: sample }).interval, 1 - Math.exp(-1));
      mean += holds(meanInterval([tookMs], { seed: sample }).interval, 10);
      p99 += holds(quantileInterval([tookMs], 0.99, { seed: sample }).interval, -Math.log(0.01) * 10);
    }
    // Five standard errors of 200 tries at 95 % are 15.
    for (const held of [share, mean, p99]) expect(held).toBeGreaterThanOrEqual(180);
    // An interval that always holds the truth says nothing.
    expect(share + mean).toBeLessThan(400);
  });

  it('holds the mean of ten independent values, neither too seldom nor always', () => {
    const held = Array.from({ length: 400 }, (_, sample) => {
      const chance = chances(spread(5000 + sample));
      const values = Float64Array.from({ length: 10 }, chance);
      const [low, high] = meanInterval([values], { seed: sample }).interval ?? [1, 0];
      return low <= 0.5 && 0.5 <= high;
    }).filter(Boolean);
    expect(held.length).toBeGreaterThanOrEqual(365);
    expect(held.length).toBeLessThanOrEqual(391);
  });

  it('is on average at most a quarter wider than that of Wilson where one, two or three of 1200 failed', () => {
    for (const failed of [1, 2, 3]) {
      const chance = chances(spread(failed));
      const wider = Array.from({ length: 20 }, (_, seed) => {
        const run = new Uint8Array(1200).fill(1);
        for (let n = 0; n < failed; n++) run[400 * n + Math.floor(400 * chance())] = 0;
        const [low, high] = shareInterval([run], { seed, resamples: 500 }).interval ?? [0, 0];
        const [wilsonLow, wilsonHigh] = wilsonInterval(1200 - failed, 1200, 0.95);
        return (high - low) / (wilsonHigh - wilsonLow);
      });
      expect(wider.reduce((sum, one) => sum + one, 0) / wider.length).toBeLessThan(1.25);
    }
  });

  it('has no p99 of 300 requests, and none of p99.9 of 3,000', () => {
    const rising = (length: number) => Float64Array.from({ length }, (_, i) => i);
    expect(quantileInterval([rising(300)], 0.99, { seed: 1 })).toEqual({ value: 296, interval: null });
    expect(quantileInterval([rising(368)], 0.99, { seed: 1 }).interval).not.toBeNull();
    expect(quantileInterval([rising(3000)], 0.999, { seed: 1 }).interval).toBeNull();
  });

  it('says what it cannot work with', () => {
    expect(() => shareInterval([[]], { seed: 1 })).toThrow('there is no arrival');
    expect(() => shareInterval([[0.5]], { seed: 1 })).toThrow('zeros and ones, not of 0.5');
  });
});
