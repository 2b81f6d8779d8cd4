import { breakerOpens, scenarios, simulate } from '@halfopen/simulator';
import '@halfopen/simulator/vitest';
import { expect, test } from 'vitest';

/** The options that you pass to createDownstream. */
const mine = { attempts: 3, attemptTimeoutMs: 300, deadlineMs: 1_000 };

test('comes back within two seconds after an outage', async () => {
  expect(await simulate(mine, scenarios.outage, { seeds: 2 })).toRecoverWithin(2_000);
});

test('does not multiply the load while everything is slow', async () => {
  expect(await simulate(mine, scenarios.allSlow, { seeds: 2 })).toSendAtMost(1.2);
});

test('loses nothing while nothing is wrong', async () => {
  expect(await simulate(mine, scenarios.healthy, { seeds: 2 })).toSucceedAtLeast(0.999);
});

test('its breaker opens when everything fails, at 5 calls a second', async () => {
  const { share, afterMs } = await breakerOpens(mine, { perS: 5, seeds: 2 });
  expect(share).toBe(1);
  expect(afterMs).toBeLessThan(15_000);
});
