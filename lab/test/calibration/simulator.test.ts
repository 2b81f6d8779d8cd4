/** Every committed experiment, simulated beside its committed result. */
import { readFileSync } from 'node:fs';
import { workspaceRoot } from '@halfopen/figures/provenance';
import { expect, test } from 'vitest';
import { calibrate } from '../../src/calibrate/calibrate.ts';
import { mistakesOf } from '../../src/calibrate/exceptions.ts';
import { calibrationPart } from '../../src/calibrate/page.ts';

test('simulated figures are those of the real runs, except where an exception is named and explained', {
  timeout: 600_000,
}, async () => {
  const figures = await calibrate(workspaceRoot());
  expect(new Set(figures.map(({ experiment }) => experiment)).size).toBe(12);
  expect(mistakesOf(figures)).toEqual([]);
  const { file, begin, lines, end } = calibrationPart(figures);
  expect(readFileSync(file, 'utf8')).toContain([begin, ...lines, end].join('\n'));
});
