/** The figures in docs/policies come from measured.json, and a measurement that proves nothing is noticed. Almost nothing is measured here. */
import { expect, test } from 'vitest';
import { ANTI_PATTERNS } from '../../src/anti-patterns/index.ts';
import { type Figure, type Figures, type Measurement, NotShown, take } from '../../src/measurement.ts';
import { antiPatternPages, type Measured, readMeasured } from '../../src/pages.ts';

const measured = readMeasured();
const all = Object.values(ANTI_PATTERNS).flat();
const figuresOf = ({ id }: Measurement) => measured.figures[id] as Figures;
const withFigures = (figures: Measured['figures']) => ({ ...measured, figures });

test('every page has a table, and nothing to correct', () => {
  const { parts, mistakes } = antiPatternPages(measured);
  expect(mistakes).toEqual([]);
  expect(parts.map(({ name }) => name)).toEqual(Object.keys(ANTI_PATTERNS).map((page) => `docs/policies/${page}`));
});

test('no two measurements share an id', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

test('a measurement without figures is a mistake, and its page gets no table', () => {
  const { 'axios-timeout-drip': _gone, ...others } = measured.figures;
  const { parts, mistakes } = antiPatternPages(withFigures(others));
  expect(mistakes).toEqual([expect.stringContaining('attempt-timeout.md: axios-timeout-drip has no figures')]);
  expect(parts.map(({ name }) => name)).not.toContain('docs/policies/attempt-timeout.md');
});

test('new figures change the table of their page, and no other', () => {
  const figures = { ...measured.figures, 'axios-retry-lost-post': { naive: [{ amount: 5 }], ours: [{ amount: 1 }] } };
  const before = antiPatternPages(measured).parts;
  const after = antiPatternPages(withFigures(figures)).parts;
  const changed = after.filter(({ lines }, index) => lines.join('\n') !== before[index]?.lines.join('\n'));
  expect(changed.map(({ name }) => name)).toEqual(['docs/policies/retry.md']);
  expect(changed[0]?.lines.join('\n')).toContain('axios-retry: 5 ×');
});

test('figures without a measurement are a mistake', () => {
  const figures = { ...measured.figures, 'no-such-thing': { naive: [], ours: [] } };
  expect(antiPatternPages(withFigures(figures)).mistakes).toEqual([expect.stringContaining('no-such-thing')]);
});

test.each(all.map((one) => [one.id, one] as const))('%s: every round proves what the page says', (_id, one) => {
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
  '%s: a policy of ours as bad as the naive side is noticed',
  async (_id, one) => {
    const bad = async () => figuresOf(one).naive[0] as Figure;
    await expect(take({ ...one, naive: bad, ours: bad })).rejects.toThrow(NotShown);
  },
);

test('both sides of a measurement are run', async () => {
  const threshold = all.find(({ id }) => id === 'opossum-default-threshold') as Measurement;
  expect(await take(threshold)).toEqual(figuresOf(threshold));
  const broken = { ...threshold, naive: threshold.ours as Measurement['naive'] };
  await expect(take(broken)).rejects.toThrow('opossum-default-threshold: ');
});
