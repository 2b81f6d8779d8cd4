import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readCommittedResults, writeCommittedResults } from '../src/publish/committed-results.ts';
import { publishResults } from '../src/publish/publish-results.ts';
import { ResultError } from '../src/result/read-result.ts';
import { sampleResult } from './sample-result.ts';

// An interval is two thousand resamples: on a busy machine a page takes its time.
vi.setConfig({ testTimeout: 60_000 });

const sample = sampleResult();
const late = { ...sample, sound: false, gaveUpFor: 'late', remarks: ['standard: sent 34 ms late.'] } as const;
const PARTS = ['overview', 'frontier', 'results'];
const page = `# Results\n\n${PARTS.map((name) => `<!-- ${name}: made by \`pnpm publish:results\` -->\n<!-- /${name} -->\n`).join('\nprose\n\n')}`;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'publish-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test('the page shows the picture and the verdicts first, and folds what explains them', () => {
  const docs = folder();
  writeFileSync(join(docs, 'README.md'), page);
  writeFileSync(join(docs, 'an-experiment-that-is-gone.svg'), '<svg/>');
  publishResults([late, sample], docs);
  const lines = readFileSync(join(docs, 'README.md'), 'utf8').split('\n');
  const at = (start: string) => {
    const index = lines.findIndex((line) => line.startsWith(start));
    expect(index, start).toBeGreaterThan(-1);
    return index;
  };
  const order = [
    '# Results',
    '![All experiments',
    '| [Total outage',
    '1 of 2 runs was given up',
    'prose',
    '### Total outage',
    '**✗ Failed.**',
    '- An earlier run was given up without a verdict. standard: sent 34 ms late.',
    '<details>',
    '| hypothesis |',
    '| phase |',
    '![Variant none',
    '</details>',
  ];
  expect(order.map(at)).toEqual(order.map(at).toSorted((a, b) => a - b));
  expect(readdirSync(docs).toSorted()).toEqual([
    'README.md',
    'overview.svg',
    'total-outage-none.svg',
    'total-outage-standard.svg',
  ]);
});

test('the page can be made again from the results that were kept, given-up runs included', () => {
  const [docs, kept] = [folder(), join(folder(), 'results')];
  writeFileSync(join(docs, 'README.md'), page);
  publishResults([late, sample, late], docs);
  writeCommittedResults(kept, [late, sample, late]);
  expect(readdirSync(kept).toSorted()).toEqual([
    'total-outage.given-up-1.json.gz',
    'total-outage.given-up-2.json.gz',
    'total-outage.json.gz',
  ]);
  const written = readFileSync(join(docs, 'README.md'), 'utf8');
  publishResults(readCommittedResults(kept), docs);
  expect(readFileSync(join(docs, 'README.md'), 'utf8')).toBe(written);
  writeCommittedResults(kept, [sample]);
  expect(readdirSync(kept)).toEqual(['total-outage.json.gz']);
});

test('nothing is written when the page lacks a marker', () => {
  const docs = folder();
  const without = page.replace('<!-- /frontier -->', '');
  writeFileSync(join(docs, 'README.md'), without);
  expect(() => publishResults([sample], docs)).toThrow(ResultError);
  expect(readFileSync(join(docs, 'README.md'), 'utf8')).toBe(without);
  expect(readdirSync(docs)).toEqual(['README.md']);
});

test('a kept result that is missing or damaged is named', () => {
  const kept = folder();
  expect(() => readCommittedResults(kept)).toThrow(new ResultError(`${kept}: holds no results`));
  mkdirSync(join(kept, 'a-folder'));
  writeFileSync(join(kept, 'poison.json.gz'), 'not gzip');
  expect(() => readCommittedResults(kept)).toThrow('poison.json.gz: is not a gzip file (incorrect header check)');
});
