import { quantile } from '@halfopen/figures/statistics';
import { describe, expect, test } from 'vitest';
import type { Load } from '../src/experiment/format.ts';
import { phasesOf } from '../src/experiment/phases.ts';
import { arrivalsOf } from '../src/load/arrivals.ts';
import { chance } from '../src/load/chance.ts';

/**
 * M. Brooker 2023, "Open and Closed, Omission and Collapse": one server, service times exponential with a mean of 0.1, and of 10
 * for one request in a thousand. A closed loop never meets the queue that it would have made: it waits with its next request
 * until the pause is over. At a load of 0.8 it reports a p99 of 0.47 where independent callers have one of about 38.
 *
 * The 38 is one run of 5,000 units, in which there are some 36 long requests: such runs differ by a factor of two. In the long
 * run it is 46, which queueing theory gives exactly (M/G/1, Pollaczek and Khinchine).
 */
const RARE = 0.001;
const [SHORT, LONG] = [0.1, 10];
const MEAN = (1 - RARE) * SHORT + RARE * LONG;
const LOAD = 0.8;
const RATE = LOAD / MEAN;

function serviceTimes(seed: number): () => number {
  const random = chance(seed, 'service');
  return () => -Math.log(1 - random()) * (random() < RARE ? LONG : SHORT);
}

/** Our own arrivals, through one queue; a millisecond of the schedule is a unit. */
function openLoop(seed: number, units: number): Float64Array {
  const third = units / 3_000;
  const lengths = { beforeS: third, duringS: third, afterS: third };
  const load: Load = {
    ratePerS: 1_000 * RATE,
    arrivals: 'poisson',
    warmUpS: 0,
    ...lengths,
    phases: phasesOf(lengths),
    ramps: [],
    timeoutMs: 5_000,
    maxLatenessMs: 20,
    mix: [{ weight: 1, method: 'GET', path: '/', headers: {}, expect: { status: 200 } }],
  };
  const serve = serviceTimes(seed);
  let freeAt = 0;
  return arrivalsOf(load, seed).dueMs.map((due) => {
    freeAt = Math.max(due, freeAt) + serve();
    return freeAt - due;
  });
}

/** One client that waits for its answer before it asks again. */
function closedLoop(seed: number, requests: number): Float64Array {
  return Float64Array.from({ length: requests }, serviceTimes(seed));
}

/** The share of callers of the open loop who wait and are served longer than `x`, from the transform of Pollaczek and Khinchine. */
function exactTail(x: number): number {
  const service = (s: number) => (1 - RARE) / (1 + SHORT * s) + RARE / (1 + LONG * s);
  const denominator = (s: number) => s - RATE * (1 - service(s));
  // Its two roots, either side of the pole at -1 / LONG, are the rates at which the tail dies out.
  const roots = [bisect(denominator, -0.0999999, -0.001), bisect(denominator, -9.999, -0.1000001)];
  return roots.reduce((sum, root) => {
    const slope = (denominator(root + 1e-7) - denominator(root - 1e-7)) / 2e-7;
    return sum + (((1 - LOAD) * root * service(root)) / slope / -root) * Math.exp(root * x);
  }, 0);
}

function bisect(f: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let round = 0; round < 200; round++) {
    const middle = (low + high) / 2;
    if (Math.sign(f(middle)) === Math.sign(f(low))) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const p99 = (values: Float64Array) => quantile(values, 0.99) ?? Number.NaN;

describe('coordinated omission', () => {
  test('the closed loop reports a p99 of 0.47', { timeout: 30_000 }, () => {
    const reported = p99(closedLoop(1, 1_000_000));
    expect(reported).toBeGreaterThan(0.46);
    expect(reported).toBeLessThan(0.48);
  });

  test('the open loop, with our arrivals and our quantile: 38 in a run as long as the published one', {
    timeout: 30_000,
  }, () => {
    const runs = Float64Array.from({ length: 40 }, (_, seed) => p99(openLoop(seed, 5_000)));
    expect(quantile(runs, 0.1)).toBeLessThan(38);
    expect(quantile(runs, 0.9)).toBeGreaterThan(38);
    // The gap that a closed loop hides.
    expect(quantile(runs, 0.05)).toBeGreaterThan(25 * 0.47);
  });

  test('and in the long run what theory says', { timeout: 30_000 }, () => {
    expect(exactTail(0)).toBeCloseTo(1, 4);
    const theory = bisect((x) => exactTail(x) - 0.01, 1, 200);
    expect(theory).toBeCloseTo(45.8, 1);
    // Of four such runs the mean has a standard error of some 7 %.
    const runs = [3, 4, 5, 6].map((seed) => p99(openLoop(seed, 60_000)));
    const mean = runs.reduce((sum, one) => sum + one, 0) / runs.length;
    expect(mean / theory).toBeGreaterThan(0.85);
    expect(mean / theory).toBeLessThan(1.15);
  });
});
