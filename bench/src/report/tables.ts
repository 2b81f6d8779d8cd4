import type { Estimate } from '@halfopen/figures/statistics';
import { markdownText } from '@halfopen/figures/text';
import { CONTENDERS } from '../contenders.ts';
import type { Benchmarks, Measurements } from '../result.ts';
import { median, ratio } from './figures.ts';
import { type Target, targetsOf, verdictOf } from './targets.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** All that a run has found, as tables of text. */
export function tablesOf(benchmarks: Benchmarks): Table[] {
  const { measurements } = benchmarks;
  return [
    targetTable(targetsOf(benchmarks)),
    costTable(measurements),
    latencyTable(measurements),
    refusalTable(measurements),
    growthTable('CPU for each request, by connections', 'connections', measurements.byConnections),
    growthTable('CPU for each request, by endpoints of the greeter', 'endpoints', measurements.byEndpoints),
  ];
}

export function targetTable(targets: readonly Target[]): Table {
  const text = (value: number, unit: 'times' | 'share') =>
    unit === 'times' ? `${value.toFixed(2)} ×` : `${(100 * value).toFixed(1)} %`;
  return {
    title: 'Targets',
    head: ['what', 'at most', 'measured', '95 % interval', 'verdict'],
    rows: targets.map((target) => [
      target.text,
      text(target.limit, target.unit),
      target.figure === null ? '–' : text(target.figure.value, target.unit),
      target.figure === null ? '–' : intervalText(target.figure, (value) => text(value, target.unit)),
      verdictOf(target),
    ]),
  };
}

function costTable({ cpuUs, perSecond, residentBytes, startUpMs, cores }: Measurements): Table {
  const [tutorial = [], bare = []] = [cpuUs.tutorial, cpuUs.bare];
  return {
    title: 'A hop',
    head: ['', 'CPU a request', '95 % interval', '× tutorial', '× bare', 'answers/s', 'of a core', 'memory', 'start'],
    rows: CONTENDERS.map(({ name, title }) => {
      const rounds = cpuUs[name];
      if (rounds === undefined) return [title, 'not installed', '', '', '', '', '', '', ''];
      const cpu = median(rounds);
      return [
        title,
        us(cpu.value),
        intervalText(cpu, us),
        ratio(rounds, tutorial).value.toFixed(2),
        ratio(rounds, bare).value.toFixed(2),
        median(perSecond[name] ?? []).value.toFixed(0),
        `${(100 * median(cores[name] ?? []).value).toFixed(0)} %`,
        megabytes(residentBytes[name] ?? 0),
        `${median(startUpMs[name] ?? []).value.toFixed(0)} ms`,
      ];
    }),
  };
}

function latencyTable({ latency }: Measurements): Table {
  return {
    title: 'Latency, from when a request was due',
    head: ['', 'rate', 'p50', 'p99', '95 % interval of p99', 'sent late, p99', 'CPU a request'],
    rows: latency.flatMap(({ ratePerS, p50Ms, p99Ms, latenessP99Ms, cpuUs }) =>
      CONTENDERS.flatMap(({ name, title }) => {
        const [p50 = [], p99, lateness = []] = [p50Ms[name], p99Ms[name], latenessP99Ms[name]];
        if (p99 === undefined) return [];
        const figure = median(p99);
        return [
          [
            title,
            `${ratePerS}/s`,
            ms(median(p50).value),
            ms(figure.value),
            intervalText(figure, ms),
            ms(median(lateness).value),
            us(median(cpuUs[name] ?? []).value),
          ],
        ];
      }),
    ),
  };
}

function refusalTable({ refusalCpuUs, successCpuUs }: Measurements): Table {
  return {
    title: 'Failing fast',
    head: ['', 'CPU of a refusal while the breaker is open', 'CPU of a successful hop', 'refusal × success'],
    rows: CONTENDERS.flatMap(({ name, title }) => {
      const [refusal, success] = [refusalCpuUs[name], successCpuUs[name]];
      if (refusal === undefined || success === undefined) return [];
      return [[title, us(median(refusal).value), us(median(success).value), ratio(refusal, success).value.toFixed(2)]];
    }),
  };
}

function growthTable(title: string, unit: string, growth: Measurements['byConnections']): Table {
  const levels = Object.keys(Object.values(growth)[0] ?? {});
  return {
    title,
    head: ['', ...levels.map((level) => `${level} ${unit}`)],
    rows: Object.entries(growth).map(([name, byLevel]) => [
      CONTENDERS.find((one) => one.name === name)?.title ?? name,
      ...levels.map((level) => us(median(byLevel[level] ?? []).value)),
    ]),
  };
}

const us = (value: number) => `${value.toFixed(0)} µs`;
const ms = (value: number) => `${value.toFixed(2)} ms`;
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(0)} MB`;

function intervalText({ interval }: Estimate, text: (value: number) => string): string {
  return interval === null ? '–' : `${text(interval[0])} to ${text(interval[1])}`;
}

/** For a page. The first column is words, the others figures. */
export function markdownTable({ head, rows }: Table): string[] {
  const row = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
  return [
    row(head),
    `| --- |${head
      .slice(1)
      .map(() => ' ---: |')
      .join('')}`,
    ...rows.map(row),
  ];
}

/** For a terminal. */
export function plainTable({ title, head, rows }: Table): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [title, ...all.map(line), ''];
}
