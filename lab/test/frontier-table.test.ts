import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readExperiment } from '../src/experiment/read-experiment.ts';
import { frontierTables, shareOfFailures } from '../src/publish/frontier-table.ts';
import type { ExperimentResult } from '../src/result/result.ts';
import { sampleResult } from './sample-result.ts';

// An interval is two thousand resamples: on a busy machine a table takes its time.
vi.setConfig({ testTimeout: 60_000 });

const named = (file: string): ExperimentResult => {
  const result = sampleResult();
  return { ...result, experiment: { ...result.experiment, file } };
};

test('a file of random errors breaks just the share that it is named after', () => {
  const files = globSync(new URL('../../experiments/random-errors-*.yaml', import.meta.url).pathname).toSorted();
  expect(files.map(shareOfFailures)).toEqual([0.05, 0.1, 0.3, 0.5, 0.75]);
  for (const file of files) {
    const { method } = readExperiment(readFileSync(file, 'utf8'), file);
    const share = shareOfFailures(file);
    expect(method, basename(file)).toEqual([
      {
        layer: 'plan',
        label: `503 from ${(share ?? 0) * 100} % of the answers`,
        faults: [{ id: 'random-errors', rate: share, status: 503 }],
      },
    ]);
  }
});

test("what was measured stands beside Brooker's simulation, by f, with the frontier", () => {
  const results = ['random-errors-75.yaml', 'poison.yaml', 'random-errors-30.yaml'].map((name) =>
    named(`experiments/${name}`),
  );
  const measured = (variant: number) => {
    const during = results[0]?.variants[variant]?.runs[0]?.figures.during;
    return `${during?.amplification?.toFixed(3)}, ${during?.success?.toFixed(3)}`;
  };
  const lines = frontierTables(results);
  const rows = lines.filter((line) => /^\| 0\.\d+ \|/.test(line));
  expect(rows.map((row) => row.split(' | ').slice(0, 4).join(' | '))).toEqual([
    `| 0.3 | 1.140, 0.798 | 1.117, 0.785 | ${measured(0)}`,
    `| 0.75 | 1.143, 0.285 | 1.070, 0.264 | ${measured(0)}`,
    '| 0.3 | 0.70 | 0.700 | 0.703',
    '| 0.75 | 0.25 | 0.249 | 0.247',
  ]);
  expect(rows[0]).toContain(measured(1));
  expect(lines).toContain('| f | simulation as coded | simulation as written | none | standard |');
});

test('without such results there is nothing to show', () => {
  expect(frontierTables([named('experiments/poison.yaml')])).toEqual([]);
});

test('the simulation follows the bucket: tokens earned for each call, or for each success', () => {
  const results = [5, 10, 30, 50, 75].map((f) => named(`experiments/random-errors-${String(f).padStart(2, '0')}.yaml`));
  const rows = frontierTables(results).filter((line) => /^\| 0\.\d+ \| \d\.\d{3}, /.test(line));
  expect(rows).toHaveLength(5);
  for (const row of rows) {
    const [f, asCoded, asWritten] = row
      .replace(/^\| /, '')
      .split(' | ')
      .map((cell) => Number(cell.split(',')[0])) as [number, number, number];
    // Without a limit every failure is retried: 1 / (1 − f). A bucket adds its 400 spendable tokens per 10,000 calls to what it earns.
    // Where the two meet, f = 0.1, some of the hundred buckets are empty and others are not: a little less than either.
    const wanted = 1 / (1 - f);
    expect(Math.abs(asCoded - Math.min(wanted, 1 + 0.1 + 0.04))).toBeLessThan(0.011);
    expect(Math.abs(asWritten - Math.min(wanted, 1.04 / (1 - 0.1 * (1 - f))))).toBeLessThan(0.011);
  }
});
