/**
 * The requirements of HTTP in docs/http.md: each row names the tests that hold it, by file and title, or says that none does. A test that
 * was renamed or removed would otherwise go on holding a requirement there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '@halfopen/runner';
import type { Keep } from '../page.ts';

const PAGE = fileURLToPath(new URL('docs/http.md', ROOT));

/** Checks the page. Nothing is written. */
export const checkHttpRequirements: Keep = async () => unheldRequirements(PAGE);

const NOT_HELD = 'not held by a test';

/** A test's file, and the titles in it: `[`a.test.ts`](../a.test.ts): "one", "two"`. */
const TESTS = /\]\((?<path>[^)]+\.test\.ts)\)(?<titles>(?::? ?,? ?"[^"]+")*)/g;

/** @returns one line for each row that names no test, and for each test or title that does not exist */
export function unheldRequirements(page: string): string[] {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| (?!requirement |---)(.+) \|$/gm);
  return [...rows].flatMap(([, row = '']) => {
    const [requirement = '', ...cells] = row.split(' | ');
    const held = cells.at(-1) ?? '';
    const tests = [...held.matchAll(TESTS)];
    if (tests.length === 0) return held.includes(NOT_HELD) ? [] : [`${requirement}: no test, and not "${NOT_HELD}"`];
    return tests.flatMap(({ groups: { path = '', titles = '' } = {} }) => {
      const file = resolve(dirname(page), path);
      if (!existsSync(file)) return [`${requirement}: there is no ${path}`];
      const source = readFileSync(file, 'utf8');
      const named = [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title);
      if (named.length === 0) return [`${requirement}: ${path} without the title of a test`];
      return named
        .filter((title) => !source.includes(title))
        .map((title) => `${requirement}: ${path} has no "${title}"`);
    });
  });
}
