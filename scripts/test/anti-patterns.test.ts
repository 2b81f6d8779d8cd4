/** The figures of docs/policies: where they come from, and that a measurement which shows nothing is noticed. Nothing is measured. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keepAntiPatternTables } from '../anti-pattern-tables.ts';
import { type Measured, readMeasured } from '../anti-patterns/measured.ts';
import { type Figure, type Figures, type Measurement, NotShown, take } from '../anti-patterns/measurement.ts';
import { PAGES } from '../anti-patterns/pages.ts';

const measured = readMeasured();
const all = Object.values(PAGES).flat();
const figuresOf = ({ id }: Measurement) => measured.figures[id] as Figures;
const withFigures = (figures: Measured['figures']) => ({ ...measured, figures });

test('pages and measured.json agree', () => {
  expect(keepAntiPatternTables(measured, false)).toEqual([]);
});

test('no two measurements share an id', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

test('a figure that was never measured is named', () => {
  const { 'axios-timeout-drip': _gone, ...others } = measured.figures;
  expect(keepAntiPatternTables(withFigures(others), false)).toEqual([
    expect.stringContaining('attempt-timeout.md: axios-timeout-drip was never measured'),
  ]);
});

test('a figure that another run has measured makes its page out of date, and no other', () => {
  const changed = { naive: [{ amount: 5 }], ours: [{ amount: 1 }] };
  const figures = { ...measured.figures, 'axios-retry-lost-post': changed };
  expect(keepAntiPatternTables(withFigures(figures), false)).toEqual([
    expect.stringContaining('docs/policies/retry.md: what stands after'),
  ]);
});

test('figures of what is no longer measured are named', () => {
  const figures = { ...measured.figures, 'no-such-thing': { naive: [], ours: [] } };
  expect(keepAntiPatternTables(withFigures(figures), false)).toEqual([expect.stringContaining('no-such-thing')]);
});

test.each(all.map((one) => [one.id, one] as const))('%s: every kept round shows what the page says', (_id, one) => {
  const { naive, ours } = figuresOf(one);
  expect(naive).toHaveLength(one.rounds ?? 1);
  expect(ours).toHaveLength(one.ours === undefined ? 0 : (one.rounds ?? 1));
  for (const [round, bad] of naive.entries()) expect(one.shows(bad, ours[round] ?? bad)).toBe(true);
});

const comparable = all.filter(({ ours }) => ours !== undefined);

test.each(comparable.map((one) => [one.id, one] as const))(
  '%s: a naive side as good as ours is noticed',
  async (_id, one) => {
    const good = async () => figuresOf(one).ours[0] as Figure;
    await expect(take({ ...one, naive: good, ours: good })).rejects.toThrow(NotShown);
  },
);

test.each(comparable.map((one) => [one.id, one] as const))(
  '%s: ours as bad as the naive side is noticed',
  async (_id, one) => {
    const bad = async () => figuresOf(one).naive[0] as Figure;
    await expect(take({ ...one, naive: bad, ours: bad })).rejects.toThrow(NotShown);
  },
);

test('what is taken is what both sides have done', async () => {
  const threshold = all.find(({ id }) => id === 'opossum-default-threshold') as Measurement;
  expect(await take(threshold)).toEqual(figuresOf(threshold));
  const broken = { ...threshold, naive: threshold.ours as Measurement['naive'] };
  await expect(take(broken)).rejects.toThrow('opossum-default-threshold: ');
});

test('no page marks a figure as coming from nowhere', () => {
  for (const page of Object.keys(PAGES)) {
    expect(readFileSync(new URL(`../../docs/policies/${page}`, import.meta.url), 'utf8')).not.toMatch(/[†‡]/);
  }
});
