import { tableRow, whereAndWhen } from '@halfopen/figures/text';
import { CONTENDERS } from '../contenders.ts';
import type { Benchmarks } from '../result.ts';
import { disturbance } from './figures.ts';
import { markdownTable, tablesOf } from './tables.ts';

/** The part of the page that is made from figures: Markdown, a line an entry. */
export function pageLines(benchmarks: Benchmarks, pictureFile: string): string[] {
  const { measurements, memory, profile } = benchmarks;
  const [targets, hop, ...others] = tablesOf(benchmarks);
  const section = (table: typeof targets) =>
    table === undefined ? [] : [`## ${table.title}`, '', ...markdownTable(table), ''];
  const versions = Object.entries(measurements.versions).map(([name, version]) => `${name} ${version}`);
  return [
    '',
    `Measured ${whereAndWhen(measurements.provenance)}, with ${versions.join(', ')}.`,
    disturbanceSentence(measurements),
    ...(memory === null ? [] : ['', `Memory: measured ${whereAndWhen(memory.provenance)}.`]),
    '',
    `![What a hop costs and how long it takes, by each contender: the figures are those of the tables below.](${pictureFile})`,
    '',
    ...section(targets),
    ...section(hop),
    ...who(measurements.absent),
    ...others.flatMap(section),
    ...(memory === null ? [] : memoryLines(memory)),
    ...(profile === null ? [] : profileLines(profile)),
  ];
}

/** How far the figures can be trusted. */
export function disturbanceSentence(measurements: Benchmarks['measurements']): string {
  const { median, most } = disturbance(measurements);
  return `Other processes took ${median.toFixed(2)} of the cores meanwhile (the median of all windows; ${most.toFixed(2)} in the busiest one).`;
}

/** What each of them does, and what it does not: the figures are not of the same thing. */
function who(absent: readonly string[]): string[] {
  return [
    '| | does | a caller or an operator would miss |',
    '| --- | --- | --- |',
    ...CONTENDERS.filter(({ name }) => !absent.includes(name)).map(({ title, does, lacks }) =>
      tableRow([title, does, lacks]),
    ),
    '',
  ];
}

function memoryLines({ samples }: NonNullable<Benchmarks['memory']>): string[] {
  return [
    '## Memory of our edge over a million requests',
    '',
    '| requests | in RAM |',
    '| ---: | ---: |',
    ...samples.map(({ requests, residentBytes }) => `| ${requests} | ${(residentBytes / 2 ** 20).toFixed(0)} MB |`),
    '',
  ];
}

/** Smaller ones are one line together. */
const SMALLEST_SHARE = 0.005;

function profileLines({ provenance, requests, shares }: NonNullable<Benchmarks['profile']>): string[] {
  const shown = shares.filter(({ share }) => share >= SMALLEST_SHARE);
  const rest = 1 - shown.reduce((sum, { share }) => sum + share, 0);
  return [
    '## Where the CPU of our edge goes',
    '',
    `Measured ${whereAndWhen(provenance)}: ${requests} requests, everything on.`,
    '',
    '| whose code | share of the busy time |',
    '| --- | ---: |',
    ...[...shown, { what: 'all others', share: rest }].map(({ what, share }) =>
      tableRow([what, `${(100 * share).toFixed(1)} %`]),
    ),
    '',
  ];
}
