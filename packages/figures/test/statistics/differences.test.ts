import { describe, expect, it } from 'vitest';
import { type Estimate, pairedDifference, unpairedDifference } from '../../src/statistics/index.ts';
import { chances } from './simulated-outage.ts';

const P99 = { kind: 'quantile', q: 0.99 } as const;

function holdsNought({ interval }: Estimate): boolean {
  return interval !== null && interval[0] <= 0 && interval[1] >= 0;
}

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
