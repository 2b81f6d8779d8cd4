import { expect, test } from 'vitest';
import { createOvertaking } from '../src/overtaking.ts';

test('only an answered attempt that began clearly later overtakes', () => {
  const overtaking = createOvertaking(500);
  expect(overtaking.hasOvertaken(1_000)).toBe(false);
  overtaking.answered(900);
  overtaking.answered(1_049);
  expect(overtaking.hasOvertaken(1_000)).toBe(false);
  overtaking.answered(1_050);
  expect(overtaking.hasOvertaken(1_000)).toBe(true);
  expect(overtaking.hasOvertaken(1_001)).toBe(false);
});

test('an old answer that comes late takes nothing back', () => {
  const overtaking = createOvertaking(500);
  overtaking.answered(2_000);
  overtaking.answered(1_000);
  expect(overtaking.hasOvertaken(1_900)).toBe(true);
});
