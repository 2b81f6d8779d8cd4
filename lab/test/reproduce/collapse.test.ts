import { createRetryBudget } from '@halfopen/client';
import { type Configuration, figuresBetween, runScenario } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { SPIKE_SCENARIO, three } from '../../src/reproduce/anchors/collapse.ts';
import { publishedClient } from '../../src/reproduce/published-client.ts';

const successAfter = async (configuration: Configuration) => {
  const { journal } = await runScenario(configuration, { ...SPIKE_SCENARIO, lengthMs: 45_000 }, 1);
  return figuresBetween(journal, 35_000, 45_000).success;
};

test('three tries at once keep a server down after a spike; the same with a budget do not', async () => {
  expect(await successAfter(publishedClient(three))).toBeLessThan(0.1);
  expect(await successAfter(publishedClient({ ...three, budget: () => ({ budget: createRetryBudget() }) }))).toBe(1);
});
