import { expect, test } from 'vitest';
import type { ComparedFigure } from '../src/calibrate/calibrate.ts';
import { EXCEPTIONS, mistakesOf } from '../src/calibrate/exceptions.ts';

const apart = { real: 1, simulated: 0.5, range: [0.5, 0.5], agrees: false } as const;
const named = EXCEPTIONS.map((one): ComparedFigure => ({ ...one, ...apart }));

test('a figure that differs must be named', () => {
  expect(mistakesOf(named)).toEqual([]);
  const other = { experiment: 'poison', variant: 'none', phase: 'during', figure: 'success' } as const;
  expect(mistakesOf([...named, { ...other, ...apart }])).toEqual([
    'poison, none, during: success is 0.5 simulated and 1 real: mend the model, or name and explain it',
  ]);
  expect(mistakesOf([...named, { ...other, ...apart, agrees: true }])).toEqual([]);
});

test('an exception that is needed no longer must go', () => {
  const [first, ...others] = named;
  if (first === undefined) throw new TypeError('no exceptions');
  expect(mistakesOf([{ ...first, agrees: true }, ...others])).toEqual([
    `${first.experiment}, ${first.variant}, ${first.phase}: ${first.figure} agrees by now: it is no exception any more`,
  ]);
});
