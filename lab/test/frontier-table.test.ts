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

test('what was measured stands beside what was published, by f, with the frontier', () => {
  const results = ['random-errors-75.yaml', 'poison.yaml', 'random-errors-30.yaml'].map((name) =>
    named(`experiments/${name}`),
  );
  const lines = frontierTables(results);
  const rows = lines.filter((line) => /^\| 0\.\d+ \|/.test(line));
  expect(rows.map((row) => row.split(' | ').slice(0, 2).join(' | '))).toEqual([
    '| 0.3 | 1.14, 0.805',
    '| 0.75 | 1.14, 0.291',
    '| 0.3 | 0.70',
    '| 0.75 | 0.25',
  ]);
  const during = results[0]?.variants.map(({ runs }) => runs[0]?.figures.during);
  for (const one of during ?? []) {
    expect(rows[0]).toContain(`${one?.amplification?.toFixed(3)}, ${one?.success?.toFixed(3)}`);
  }
  expect(lines).toContain('| f | published | none | standard |');
});

test('without such results there is nothing to show', () => {
  expect(frontierTables([named('experiments/poison.yaml')])).toEqual([]);
});
