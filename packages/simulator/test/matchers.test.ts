import { describe, expect, test } from 'vitest';
import { matchers, naiveRetry, type Scenario, scenarios, simulate, standard } from '../src/index.ts';

// Registers them, as `import '@halfopen/simulator/vitest'` does in a test of yours.
await import('../src/vitest.ts');

const quick: Scenario = {
  ...scenarios.outage,
  load: { rates: [{ fromMs: 0, perS: 60 }], patienceMs: 2_000 },
  faults: [{ kind: 'refuse', fromMs: 2_000, toMs: 6_000 }],
  trigger: { fromMs: 2_000, toMs: 6_000 },
  lengthMs: 12_000,
};

describe('matchers', () => {
  test('hold what holds in every run, and not what does not', async () => {
    const simulation = await simulate(standard, quick, { seeds: 2 });
    expect(simulation).toRecoverWithin(2_000);
    expect(simulation).not.toRecoverWithin(-1);
    expect(simulation).toSucceedAtLeast(0.9, 'after');
    expect(simulation).not.toSucceedAtLeast(0.9);
    expect(simulation).toSendAtMost(1.2);
    expect(simulation).not.toSendAtMost(0.5, 'after');
    expect(simulation).not.toKeepBreakersClosed();
    expect(await simulate(standard, scenarios.healthy, { seeds: 1 })).toKeepBreakersClosed();
  });

  test('a failure names the seeds, draws the worst run and says how to run it alone', async () => {
    const simulation = await simulate(
      naiveRetry(),
      { ...quick, trigger: { fromMs: 2_000, toMs: 4_000 } },
      { seeds: [3, 8] },
    );
    const { pass, message } = matchers.toRecoverWithin(simulation, 1_000);
    expect(pass).toBe(false);
    const text = message();
    expect(text).toContain('outage: expected every run to recover within 1000 ms, but 2 of 2 did not: seeds 3, 8');
    expect(text).toMatch(/the worst is seed [38]: recovery took: 2\d\d\d ms/);
    expect(text).toMatch(/^success {2}█+[^█]·+[^·]?█+$/m);
    expect(text).toMatch(/seeds: \[[38]\]/);
  });

  test('nothing can be said about no run', () => {
    expect(() => matchers.toRecoverWithin({ scenario: quick, runs: [] }, 1)).toThrow('has no runs');
  });
});
