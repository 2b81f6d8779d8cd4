import { lognormal, type Scenario, simulate } from '@halfopen/simulator';
import '@halfopen/simulator/vitest';
import { expect, test } from 'vitest';

/** Two replicas with eight workers each. A request takes 30 ms, one in a hundred 150 ms. One replica stands still for five seconds. */
const scenario: Scenario = {
  name: 'one of two replicas stands still',
  description: 'A garbage collection of five seconds.',
  servers: ['a', 'b'].map((name) => ({ name, workers: 8, service: lognormal(30, 5), maxQueued: 100 })),
  load: { rates: [{ fromMs: 0, perS: 150 }], clients: 4, patienceMs: 2_000 },
  faults: [{ kind: 'stop', fromMs: 5_000, toMs: 10_000, servers: ['a'] }],
  trigger: { fromMs: 5_000, toMs: 10_000 },
  lengthMs: 20_000,
};

test('most callers do not notice that one replica stands still', async () => {
  const simulation = await simulate({ attemptTimeoutMs: 300 }, scenario, { seeds: 2 });
  expect(simulation).toSucceedAtLeast(0.9);
  expect(simulation).toRecoverWithin(1_000);
});
