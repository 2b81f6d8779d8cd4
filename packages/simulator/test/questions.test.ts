import { describe, expect, test } from 'vitest';
import {
  breakerOpens,
  constant,
  costOfOutage,
  exponential,
  healsUpTo,
  naiveRetry,
  type Scenario,
  scenarios,
} from '../src/index.ts';

describe('does the breaker ever open', () => {
  test('with the defaults, when everything fails', async () => {
    const { share, afterMs, callsBefore, slowestCallMs } = await breakerOpens(
      {},
      { perS: 50, seeds: 3, forMs: 20_000 },
    );
    expect(share).toBe(1);
    // Half of the outcomes in a window of ten seconds: after about five.
    expect(afterMs).toBeGreaterThan(4_000);
    expect(afterMs).toBeLessThan(6_000);
    expect(callsBefore).toBeGreaterThan(200);
    expect(slowestCallMs).toBeLessThan(2_000);
  });

  test('not if its minimum of calls never comes within its window', async () => {
    const rare = { breakerWindowMs: 1_000, breakerMinimumCalls: 20 };
    expect(await breakerOpens(rare, { perS: 5, seeds: 2, forMs: 20_000 })).toMatchObject({ share: 0, afterMs: null });
  });

  test('not if fewer fail than its threshold', async () => {
    expect((await breakerOpens({}, { perS: 50, failureShare: 0.3, seeds: 2, forMs: 20_000 })).share).toBe(0);
  });
});

test('what an outage costs: all calls while it lasts, and little after it', async () => {
  const scenario: Scenario = { ...scenarios.standstill, load: { rates: [{ fromMs: 0, perS: 50 }], patienceMs: 2_000 } };
  const cost = await costOfOutage({}, 5_000, { scenario, seeds: 2 });
  expect(cost.failedDuring).toBeGreaterThan(150);
  expect(cost.failedDuring).toBeLessThan(300);
  expect(cost.failedAfter).toBeLessThan(50);
  expect(cost.worstRecoveryMs).toBeLessThan(2_000);
  expect(cost.attemptsPerCall).toBeLessThan(1.2);
  expect(cost.worstP99Ms).toBeLessThanOrEqual(2_000);
});

describe('at which load a blip does not heal', () => {
  /** A tenth of the size, so that it is quick. */
  const small: Scenario = {
    ...scenarios.blip,
    servers: [{ name: 'server', workers: 3, service: exponential(100) }],
    faults: [{ kind: 'stop', fromMs: 3_000, toMs: 5_000 }],
    trigger: { fromMs: 3_000, toMs: 5_000 },
    lengthMs: 20_000,
  };
  const options = { scenario: small, capacityPerS: 30, seeds: 2, resolution: 0.1 };

  test('three attempts at once: not far above a third of the capacity', async () => {
    const { heals, doesNotHeal, seed } = await healsUpTo(naiveRetry(), { ...options, between: [0.1, 1] });
    expect(heals).toBeGreaterThan(0.2);
    expect(doesNotHeal).toBeLessThan(0.8);
    expect((doesNotHeal ?? 0) - (heals ?? 0)).toBeLessThanOrEqual(0.1);
    expect([1, 2]).toContain(seed);
  });

  test('says so when even the lower end, or the upper end, decides', async () => {
    const idle = {
      ...options,
      scenario: { ...small, servers: [{ name: 'server', workers: 3, service: constant(1) }] },
    };
    expect(await healsUpTo({}, { ...idle, between: [0.7, 0.8] })).toEqual({
      heals: 0.8,
      doesNotHeal: null,
      seed: null,
    });
    expect(await healsUpTo(naiveRetry(), { ...options, between: [0.95, 1] })).toMatchObject({
      heals: null,
      doesNotHeal: 0.95,
    });
  });
});
