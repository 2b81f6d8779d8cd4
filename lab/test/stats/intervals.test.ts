import { describe, expect, it } from 'vitest';
import { blockLength } from '../../src/stats/block-length.ts';
import { meanInterval, quantileInterval, shareInterval } from '../../src/stats/index.ts';
import { normalQuantile, studentQuantile } from '../../src/stats/normal.ts';
import { matchedInterval, wilsonInterval } from '../../src/stats/score-interval.ts';
import { chances, simulateOutage } from './simulated-outage.ts';

describe('the tables', () => {
  it('knows the normal and Student quantiles of any textbook', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 5);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232, 5);
    expect(studentQuantile(0.975, 4) / 2.776445).toBeCloseTo(1, 2);
    expect(studentQuantile(0.975, 2) / 4.302653).toBeCloseTo(1, 1);
    expect(studentQuantile(0.995, 9) / 3.249836).toBeCloseTo(1, 3);
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
      const chance = chances(1000 + sample);
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
