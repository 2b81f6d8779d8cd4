import { expect, it } from 'vitest';
import { CONTENDERS } from '../src/contenders.ts';
import { unevenness } from '../src/report/figures.ts';
import { pageLines } from '../src/report/page.ts';
import { picture } from '../src/report/picture.ts';
import { plainTable, tablesOf } from '../src/report/tables.ts';
import { foreignTargetsOf, isMet, targetsOf, verdictOf } from '../src/report/targets.ts';
import { sampleBenchmarks } from './sample-benchmarks.ts';

const sample = sampleBenchmarks();
const figure = (text: string, of = sample) => targetsOf(of).find((target) => target.text.startsWith(text));

it('judges every target by the ratios of its rounds', () => {
  // The sample: ours costs 100, the tutorial stack 400, bare undici 40, in rounds that the machine makes dearer by half and more.
  expect(figure('CPU for each request, against the tutorial')?.figure?.value).toBeCloseTo(0.25);
  expect(figure('CPU for each request, against bare')?.figure?.value).toBeCloseTo(2.5);
  expect(figure('CPU that logs add')?.figure?.value).toBeCloseTo(0.25);
  expect(targetsOf(sample).map(verdictOf)).toEqual([
    '✓ met',
    '✗ not met',
    '✓ met',
    '✓ met',
    '✓ met',
    '✗ not met',
    '✓ met',
    '✓ met',
    '✗ not met',
    '✓ met',
    '✓ met',
  ]);
});

it('says so where an interval holds the limit, and where nothing was measured', () => {
  const target = { text: '', limit: 2, unit: 'times' } as const;
  expect(verdictOf({ ...target, figure: { value: 1.9, interval: [1.8, 2.1] } })).toBe('✓ met, within the noise');
  expect(verdictOf({ ...target, figure: { value: 2.05, interval: [1.8, 2.1] } })).toBe('✗ not met, within the noise');
  expect(verdictOf({ ...target, figure: { value: 1.9, interval: null } })).toBe('✓ met');
  expect(verdictOf({ ...target, figure: null })).toBe('not measured');
  const withoutMemory = { ...sample, memory: null };
  expect(targetsOf(withoutMemory).map(verdictOf)).toContain('not measured');
});

it('takes for flat what is as good as its mean', () => {
  expect(unevenness([100, 100, 100])).toBe(0);
  expect(unevenness([90, 100, 110])).toBeCloseTo(0.1);
  expect(unevenness([50, 100, 150])).toBeCloseTo(0.5);
});

it('renders a page with every contender, also one that is not installed, and says where and when', () => {
  const page = pageLines(sample, 'benchmarks.svg').join('\n');
  for (const { title } of CONTENDERS) expect(page).toContain(title.replaceAll('`', '\\`'));
  expect(page).toContain('| nginx | not installed |');
  expect(page).toContain('2026-01-02');
  expect(page).toContain('Other processes took 0.10 of the cores');
  expect(page).toContain('![');
  expect(page).toContain('| axios | 70.0 % |');
  expect(page).toContain('| all others | 0.1 % |');
  expect(page).not.toContain('qs');
  // A table whose rows differ in length is none.
  for (const { head, rows } of tablesOf(sample)) for (const row of rows) expect(row).toHaveLength(head.length);
});

it('prints tables in columns', () => {
  const [, head, row] = plainTable({ title: 'T', head: ['', 'figure'], rows: [['a longer name', '1']] });
  expect(head).toBe('               figure');
  expect(row).toBe('a longer name       1');
});

it('draws a bar for each that was measured, and says the same in words', () => {
  const svg = picture(sample.measurements);
  expect(picture(sampleBenchmarks().measurements)).toBe(svg);
  const words = /<desc[^>]*>([^<]*)/.exec(svg)?.[1];
  expect(words).toContain('Halfopen 150');
  expect(words).not.toContain('nginx');
  expect(svg).toContain('prefers-color-scheme: dark');
});

it.each([
  ['kept connections for everybody', { foreign: 110, connectionsPerRequest: 0.001 }, [true, true, true]],
  ['a connection for each request', { foreign: 220, connectionsPerRequest: 1 }, [false, false, false]],
  ['one connection in fifty requests', { foreign: 110, connectionsPerRequest: 0.02 }, [true, true, false]],
])('a hop to a server that names no requests: %s', (_what, { foreign, connectionsPerRequest }, met) => {
  const rounds = (us: number) => Array<number>(6).fill(us);
  const cpuUs = { ours: rounds(100), naming: rounds(100), foreign: rounds(foreign) };
  expect(foreignTargetsOf({ cpuUs, connectionsPerRequest }).map(isMet)).toEqual(met);
});
