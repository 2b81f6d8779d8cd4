import { runScenario } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { isMetastable, resends, TRIALS, triggerOf } from '../../src/reproduce/anchors/edge.ts';

/** No bound on speed: thousands of attempts take longer than five seconds when the machine is busy. */
const PATIENCE = { timeout: 30_000 };

const staysAfter = async (name: keyof typeof TRIALS) =>
  isMetastable(await runScenario(resends, triggerOf(TRIALS[name].trial), 1));

test('after a trigger of 9 s calls succeed again', PATIENCE, async () => {
  expect(await staysAfter('9 s, −80 % processor')).toBe(false);
});

test('after a trigger of 10 s they do not', PATIENCE, async () => {
  expect(await staysAfter('10 s, −80 % processor')).toBe(true);
});
