/** The committed map: what its command makes of it, in part computed again. */
import { describe, expect, test } from 'vitest';
import { pictureOfMap, readMap } from '../src/map/map-files.ts';
import { statesOf } from '../src/map/map-picture.ts';
import { STACKS } from '../src/map/stacks.ts';
import { columnOf, LOADS, recovers } from '../src/map/survey.ts';

const { surveys, picture } = readMap();

test('it has every stack at every load, and the picture shows it', () => {
  expect(surveys.map(({ stack }) => stack)).toEqual(STACKS.map(({ id }) => id));
  for (const { columns } of surveys) expect(columns.map(({ load }) => load)).toEqual([...LOADS]);
  expect(pictureOfMap(surveys)).toBe(picture);
});

describe.each(STACKS)('$title', ({ id, configuration }) => {
  test.each([
    [0.25, 0.5],
    [0.45, 0.3],
    [0.45, 2],
    [0.95, 0.2],
  ])('at a load of %s, a standstill of %s s ends as committed', async (load, standstillS) => {
    const column = surveys.find(({ stack }) => stack === id)?.columns.find((one) => one.load === load);
    const committed = column?.segments.find(({ fromS, toS }) => fromS <= standstillS && standstillS < toS);
    expect(await recovers(configuration, load, standstillS)).toBe(committed?.recovers);
  });
});

test('boundaries lie where the bisection finds them, however many there are', async () => {
  const { segments } = await columnOf(0.5, (triggerS) => Promise.resolve(triggerS < 0.63 || triggerS > 4));
  expect(segments.map(({ recovers: does }) => does)).toEqual([true, false, true]);
  expect(segments[0]?.fromS).toBe(0.1);
  expect(segments.at(-1)?.toS).toBe(10);
  for (const [index, boundaryS] of [0.63, 4].entries()) {
    expect(segments[index]?.toS).toBe(segments[index + 1]?.fromS);
    expect(Math.abs((segments[index]?.toS ?? 0) / boundaryS - 1)).toBeLessThan(0.1);
  }
});

test('a length that recovers is stable, unless a longer one does not', () => {
  const segments = [
    { fromS: 0.1, toS: 1, recovers: true },
    { fromS: 1, toS: 2, recovers: false },
    { fromS: 2, toS: 10, recovers: true },
  ];
  expect(statesOf({ load: 0.5, segments }).map(({ state }) => state)).toEqual(['vulnerable', 'metastable', 'stable']);
});
