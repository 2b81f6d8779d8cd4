import { runScenario } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { CLIENT_KINDS, scenarioOf } from '../../src/reproduce/anchors/bucket.ts';

test('a bucket that earns per call lets 1.14 calls per request through, one that earns per success 1.07 at f = 0.75', async () => {
  const callsPerRequest = async (kind: keyof typeof CLIENT_KINDS) =>
    (await runScenario(CLIENT_KINDS[kind], scenarioOf(0.75, 20), 1)).during.requestsPerCall;
  expect(await callsPerRequest('earned per call')).toBeCloseTo(1.14, 2);
  expect(await callsPerRequest('earned per success')).toBeCloseTo(1.07, 2);
});
