/** What the README shows is what runs. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { matchers, naiveRetry, scenarios, simulate } from '../src/index.ts';

const here = new URL('./', import.meta.url);
const page = readFileSync(new URL('../README.md', here), 'utf8');

/** The block of code that follows a comment. */
const blockAfter = (comment: string) =>
  page.slice(page.indexOf(`<!-- ${comment} -->`)).match(/^```\w+\n(.*?)^```$/ms)?.[1];

test.each(['your-configuration', 'your-service'])('test/%s.test.ts', (name) => {
  expect(blockAfter(`test/${name}.test.ts`)).toBe(readFileSync(new URL(`${name}.test.ts`, here), 'utf8'));
});

test('the failure', { timeout: 60_000 }, async () => {
  const simulation = await simulate(naiveRetry(), scenarios.blip, { seeds: 1 });
  expect(blockAfter('what the matcher says')).toBe(`${matchers.toRecoverWithin(simulation, 2_000).message()}\n`);
});
