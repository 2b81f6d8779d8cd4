import { expect, test } from 'vitest';
import { nearestName } from '../src/index.ts';

const KNOWN = ['success', 'degraded', 'ratePerS', 'delayMs', 'long', 'short', 'CALL_TIMEOUT_MS', 'CALL_LIMIT'];

test.each([
  ['a letter that is missing', 'sucess', 'success'],
  ['letters that changed places', 'lnog', 'long'],
  ['another case', 'DELAYMS', 'delayMs'],
  ['letters too many', 'ratePerSec', 'ratePerS'],
  ['a missing unit', 'CALL_TIMEOUT', 'CALL_TIMEOUT_MS'],
  ['a beginning that only one has', 'rate', 'ratePerS'],
  ['a beginning that two have', 'CALL_', undefined],
  ['a beginning that says nothing', 'de', undefined],
  ['another word of the same length', 'failures', undefined],
  ['a short word: half of it may be wrong', 'lung', 'long'],
  ['a short word: more than half is wrong', 'hint', undefined],
  ['nothing', '', undefined],
])('%s: %s', (_what, given, meant) => {
  expect(nearestName(given, KNOWN)).toBe(meant);
});

test('the nearest of several', () => {
  expect(nearestName('p99M', ['p50Ms', 'p999Ms', 'p99Ms'])).toBe('p99Ms');
  expect(nearestName('metrik', ['metrics', 'metric'])).toBe('metric');
});
