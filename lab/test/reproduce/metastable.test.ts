import { runScenario, type Scenario } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { CUT_SCENARIO, oneRetry } from '../../src/reproduce/anchors/metastable.ts';
import { publishedClient } from '../../src/reproduce/published-client.ts';

test('after a cut of ten seconds, one retry doubles 280 of 300 a second, and nobody is answered in time', async () => {
  // A tenth of its size, at the same share of its capacity.
  const shorter: Scenario = {
    ...CUT_SCENARIO,
    servers: CUT_SCENARIO.servers.map((server) => ({ ...server, workers: 3 })),
    load: { rates: [{ fromMs: 0, perS: 28 }] },
    lengthMs: 40_000,
  };
  const { after } = await runScenario(publishedClient(oneRetry), shorter, 1);
  expect(after.success).toBe(0);
  expect(after.requestsPerCall).toBeGreaterThan(1.9);
  expect(after.requestsPerCall).toBeLessThan(2.2);
});
