import { describe, expect, test } from 'vitest';
import { Injector } from '../src/index.ts';
import { drawMs, type Latency } from '../src/latency.ts';
import { parsePlan } from '../src/plan.ts';
import { host } from './host.ts';

const requests = Array.from({ length: 10_000 }, (_, n) => `request-${n}`);

function delaysOf(fault: object): number[] {
  const injector = new Injector({ now: () => 0 });
  injector.use(parsePlan({ faults: [{ id: 'slow', ...fault }] }, host));
  return requests.map((requestId) => {
    const candidate = { requestId, attempt: '1', operation: undefined, userAgent: undefined };
    const hit = injector.pick(candidate);
    return hit === undefined ? Number.NaN : injector.delayMs(hit, candidate);
  });
}

/** The largest distance between the distribution of a sample and the one it should have (Kolmogorov and Smirnov). */
function distance(sample: readonly number[], shareUpTo: (ms: number) => number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return Math.max(
    ...sorted.flatMap((ms, at) => [
      Math.abs(shareUpTo(ms) - at / sorted.length),
      Math.abs(shareUpTo(ms) - (at + 1) / sorted.length),
    ]),
  );
}

/** Exceeded by chance once in a thousand. */
const CRITICAL = 1.95 / Math.sqrt(requests.length);

/** The standard normal distribution function (Abramowitz and Stegun, 26.2.17; error below 1e-7). */
function normal(z: number): number {
  if (z < 0) return 1 - normal(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}

describe('latency', () => {
  test.each<[Latency, (ms: number) => number]>([
    [{ distribution: 'uniform', minMs: 100, maxMs: 300 }, (ms) => (ms - 100) / 200],
    [{ distribution: 'normal', meanMs: 500, standardDeviationMs: 100 }, (ms) => normal((ms - 500) / 100)],
    [{ distribution: 'exponential', meanMs: 50 }, (ms) => 1 - Math.exp(-ms / 50)],
    [{ distribution: 'pareto', minMs: 10, shape: 2 }, (ms) => 1 - (10 / ms) ** 2],
    [
      { distribution: 'histogram', upToMs: [10, 20, 100, 1_000], counts: [10, 0, 80, 10] },
      (ms) => (ms <= 10 ? ms / 100 : ms <= 20 ? 0.1 : ms <= 100 ? 0.1 + (ms - 20) / 100 : 0.9 + (ms - 100) / 9_000),
    ],
  ])('$distribution, as the textbook has it', (delayMs, shareUpTo) => {
    const delays = delaysOf({ delayMs });
    expect(distance(delays, shareUpTo)).toBeLessThan(CRITICAL);
    expect(delaysOf({ delayMs })).toEqual(delays);
  });

  test('those that are hit are not the slow ones: a rate does not bend the distribution', () => {
    const delays = delaysOf({ rate: 0.3, delayMs: { distribution: 'uniform', minMs: 0, maxMs: 100 } });
    const hit = delays.filter((ms) => !Number.isNaN(ms));
    expect(hit.length).toBeGreaterThan(2_800);
    expect(distance(hit, (ms) => ms / 100)).toBeLessThan(1.95 / Math.sqrt(hit.length));
  });

  test('jitter is uniform above the delay', () => {
    expect(distance(delaysOf({ delayMs: 100, jitterMs: 50 }), (ms) => (ms - 100) / 50)).toBeLessThan(CRITICAL);
  });

  test('no draw is below nothing or above the longest delay, at either end of chance', () => {
    const worst: Latency[] = [
      { distribution: 'normal', meanMs: 0, standardDeviationMs: 60_000 },
      { distribution: 'exponential', meanMs: 60_000 },
      { distribution: 'pareto', minMs: 60_000, shape: 0.1 },
      { distribution: 'uniform', minMs: 0, maxMs: 60_000 },
      { distribution: 'histogram', upToMs: [0, 60_000], counts: [1, 0] },
    ];
    const chances = [0, 2 ** -32, 0.5, 1 - 2 ** -32];
    for (const latency of worst) {
      for (const chance of chances) {
        for (const other of chances) {
          const ms = drawMs(latency, chance, other);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(60_000);
        }
      }
    }
    expect(Math.max(...delaysOf({ delayMs: 60_000, jitterMs: 60_000 }))).toBe(60_000);
  });

  test('an empty last bucket is never drawn from', () => {
    const latency: Latency = { distribution: 'histogram', upToMs: [5, 10, 50], counts: [0, 7, 0] };
    expect(drawMs(latency, 0, 0)).toBe(5);
    expect(drawMs(latency, 1 - 2 ** -32, 0)).toBeLessThanOrEqual(10);
  });
});
