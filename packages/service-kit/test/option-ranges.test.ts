import { defineContract } from '@halfopen/contracts';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createAdmission } from '../src/admission.ts';
import { createLog, createService } from '../src/index.ts';

test.each([
  [{ maxInProgress: 0, maxQueued: 1 }, 'maxInProgress is 0, but must be a whole number of at least 1'],
  [{ maxInProgress: 1.5, maxQueued: 1 }, 'maxInProgress is 1.5, but must be a whole number of at least 1'],
  [{ maxInProgress: Number.NaN, maxQueued: 1 }, 'maxInProgress is NaN, but must be a whole number of at least 1'],
  [{ maxInProgress: 1, maxQueued: -1 }, 'maxQueued is -1, but must be a whole number of at least 0'],
])('admission that could admit nobody, or queue without bound, is refused: %o', (options, message) => {
  expect(() => createAdmission(options)).toThrow(new RangeError(message));
});

test.each([
  [{ deadlineMs: 0 }, 'deadlineMs is 0, but must be a number of milliseconds from 1 to 2147483647'],
  // A timer of more than 2^31 - 1 ms fires at once: every request would be out of time.
  [{ deadlineMs: 2 ** 31 }, 'deadlineMs is 2147483648, but must be a number of milliseconds from 1 to 2147483647'],
  [{ drainMs: -1 }, 'drainMs is -1, but must be a number of milliseconds from 0 to 2147483647'],
  [{ drainMs: Number.NaN }, 'drainMs is NaN, but must be a number of milliseconds from 0 to 2147483647'],
])('a service whose timers would fire at the wrong time is refused: %o', (options, message) => {
  const contract = defineContract({ name: 'none', title: '', description: '', version: '1', operations: {} });
  const usual = {
    contract,
    routes: [],
    deadlineMs: 1_000,
    drainMs: 0,
    admission: { maxInProgress: 1, maxQueued: 0 },
    log: createLog('none', 'silent'),
    registry: new Registry(),
  };
  expect(() => createService({ ...usual, ...options })).toThrow(new RangeError(message));
});
