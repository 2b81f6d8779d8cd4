import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unheldRequirements } from '../pages/http-requirements.ts';

function mistakesIn(...rows: readonly string[]): string[] {
  const root = mkdtempSync(join(tmpdir(), 'http-'));
  onTestFinished(() => {
    rmSync(root, { recursive: true });
  });
  writeFileSync(join(root, 'a.test.ts'), "test('one', run); test.each([['two', 2]])('%s', run);");
  const page = join(root, 'http.md');
  writeFileSync(page, ['| requirement | test |', '| --- | --- |', ...rows, ''].join('\n'));
  return unheldRequirements(page);
}

test('tests that exist hold a requirement, and so does the word that none does', () => {
  expect(
    mistakesIn(
      '| R | [`a`](a.test.ts): "one", "two" |',
      '| S | [`a`](a.test.ts): "two" |',
      '| T | not held by a test |',
    ),
  ).toEqual([]);
});

test.each([
  ['| R | [`a`](a.test.ts): "one", "three" |', 'R: a.test.ts has no "three"'],
  ['| R | [`b`](b.test.ts): "one" |', 'R: there is no b.test.ts'],
  ['| R | [`a`](a.test.ts) |', 'R: a.test.ts without the title of a test'],
  ['| R | somewhere |', 'R: no test, and not "not held by a test"'],
])('%s', (row, mistake) => {
  expect(mistakesIn('| Q | not held by a test |', row)).toEqual([mistake]);
});
