import { expect, test } from 'vitest';
import {
  attemptTimeout,
  coalesce,
  createBalancer,
  createBulkhead,
  deadline,
  none,
  retry,
  staleIfError,
} from '../src/index.ts';

const guard = () => ({
  policy: none,
  admits: true,
  recent: { outcomes: 0, failures: 0 },
  forget: () => undefined,
  close: () => undefined,
});

test.each([
  ['retry', () => retry({ attempts: 0 }), 'attempts is 0, but must be a whole number of at least 1'],
  ['retry', () => retry({ baseMs: -1 }), 'baseMs is -1, but must be milliseconds of at least 0'],
  ['retry', () => retry({ capMs: Number.NaN }), 'capMs is NaN'],
  ['retry', () => retry({ baseMs: 2_000 }), 'baseMs is 2000, but must be at most capMs, which is 1000'],
  ['deadline', () => deadline({ timeoutMs: 0.5 }), 'timeoutMs is 0.5, but must be milliseconds of at least 1'],
  ['attempt timeout', () => attemptTimeout({ timeoutMs: 0 }), 'timeoutMs is 0'],
  ['bulkhead', () => createBulkhead({ maxInFlight: 0 }), 'maxInFlight is 0, but must be a whole number of at least 1'],
  ['bulkhead', () => createBulkhead({ maxQueued: -1 }), 'maxQueued is -1, but must be a whole number of at least 0'],
  ['coalesce', () => coalesce({ timeoutMs: 0 }), 'timeoutMs is 0'],
  ['stale if error', () => staleIfError({ maxBytes: 0 }), 'maxBytes is 0'],
  ['balancer', () => createBalancer({ guard, maxLeftOut: 1.1 }), 'maxLeftOut is 1.1, but must be a number from 0 to 1'],
  ['balancer', () => createBalancer({ guard, minimumOutcomes: 0 }), 'minimumOutcomes is 0'],
] as const)('%s names option, value and range', (_policy, create, message) => {
  expect(create).toThrow(RangeError);
  expect(create).toThrow(message);
});

test('every option has a default', () => {
  for (const create of [retry, deadline, attemptTimeout, createBulkhead, coalesce, staleIfError]) {
    expect(() => create()).not.toThrow();
  }
});
