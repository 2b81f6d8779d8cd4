import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { experimentForm, type Load } from '../src/experiment/format.ts';
import { loadChangesOf } from '../src/load/load-changes.ts';

const BASE = parse(`
title: A test
why: None.
load: { ratePerS: 50, beforeS: 4, duringS: 8, afterS: 6 }
variants: { any: {} }
hypothesis: [{ phase: during, metric: success, variant: any, atLeast: 0.9 }]
`) as { load: object };

const loadWith = (...ramps: Load['ramps']): Load =>
  experimentForm.parse({ ...BASE, load: { ...BASE.load, ramps } }).load;

test('a load that stays as it is has no change', () => {
  expect(loadChangesOf(loadWith())).toEqual([]);
});

test('a step and its way back are one event', () => {
  const steps = loadWith(
    { atS: 4, ratePerS: 50 },
    { atS: 4, ratePerS: 200 },
    { atS: 12, ratePerS: 200 },
    { atS: 12, ratePerS: 50 },
  );
  expect(loadChangesOf(steps)).toEqual([{ label: '200/s instead of 50/s', fromS: 4, toS: 12 }]);
});

test('a ramp counts from where it begins to where it is over, and is named by what it came to', () => {
  const ramp = loadWith(
    { atS: 3, ratePerS: 50 },
    { atS: 6, ratePerS: 120 },
    { atS: 8, ratePerS: 80 },
    { atS: 9, ratePerS: 50 },
    { atS: 14, ratePerS: 50 },
    { atS: 15, ratePerS: 10 },
  );
  expect(loadChangesOf(ramp)).toEqual([
    { label: '120/s instead of 50/s', fromS: 3, toS: 9 },
    { label: '10/s instead of 50/s', fromS: 14, toS: 18 },
  ]);
});
