/** The whole table: `pnpm --filter @halfopen/simulator load-control`. docs/decisions has it. */
import { describe, expect, test, vi } from 'vitest';
import { LOAD_CONTROL, type LoadCase, measure, NO_QUEUE, QUIET, TROUBLE } from './load-control.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Seeds that no number was chosen on. */
const SEEDS = [1_001, 1_002];
const caseOf = (cases: Readonly<Record<string, LoadCase>>, name: string) => cases[name] as LoadCase;

describe('an overload ends', () => {
  test.each([
    ['96/s, 8 places', 1],
    ['240/s, 8 places', 1],
    ['96/s, 128 places', 0.7],
    ['240/s, 128 places', 0.5],
    ['24/s, three times slower', 0.6],
  ])('%s: at least %d of the capacity is answered, and everybody a second later', async (name, least) => {
    const one = caseOf(TROUBLE, name);
    const standard = await measure(one, {}, SEEDS);
    const controlled = await measure(one, LOAD_CONTROL, SEEDS);
    expect(standard.goodput).toBeLessThan(0.4);
    expect(controlled.goodput).toBeGreaterThan(least);
    expect(controlled.worstRecoveryMs).toBeLessThanOrEqual(1_000);
  });

  test('deadline admission alone does it where places are few', async () => {
    const { goodput, worstRecoveryMs } = await measure(
      caseOf(TROUBLE, '240/s, 8 places'),
      { deadlineAdmission: true },
      SEEDS,
    );
    expect(goodput).toBeGreaterThan(1);
    expect(worstRecoveryMs).toBeLessThanOrEqual(1_000);
  });

  test('quiet minutes teach nothing wrong', async () => {
    const { goodput, worstRecoveryMs } = await measure(
      caseOf(QUIET, 'overload after two quiet minutes'),
      LOAD_CONTROL,
      SEEDS,
    );
    expect(goodput).toBeGreaterThan(0.7);
    expect(worstRecoveryMs).toBeLessThanOrEqual(1_000);
  });
});

describe('no queue, no harm: the answers of the standard policy, for no more attempts', () => {
  test.each([
    '0.9 of the capacity',
    'bursts of 40',
    'a quarter hangs, deadline 1 s',
    'a third takes 800 ms',
    'a wall of 404',
  ])('%s', async (name) => {
    const one = caseOf(NO_QUEUE, name);
    const standard = await measure(one, {}, SEEDS);
    const controlled = await measure(one, LOAD_CONTROL, SEEDS);
    expect(controlled.success).toBeGreaterThanOrEqual(standard.success - 0.002);
    expect(controlled.attemptsPerCall).toBeLessThanOrEqual(standard.attemptsPerCall + 0.01);
  });
});
