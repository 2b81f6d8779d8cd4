import { runScenario, standard } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { burstOn, isCollapsed, vulnerable } from '../../src/reproduce/anchors/sregym.ts';

test('a burst of ten seconds is still there 45 s later with three attempts of 750 ms, by SREGym’s oracle; not with the standard policy', async () => {
  expect(isCollapsed(await runScenario(vulnerable, burstOn(20), 1))).toBe(true);
  expect(isCollapsed(await runScenario(standard, burstOn(20), 1))).toBe(false);
});
