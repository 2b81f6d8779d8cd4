import { expect, test } from 'vitest';
import type { Anchor } from '../../src/reproduce/anchor.ts';
import { exactly } from '../../src/reproduce/measured.ts';
import { reproducedPage } from '../../src/reproduce/page.ts';
import { createReplicate } from '../../src/reproduce/replicate.ts';

const anchor: Anchor = {
  name: 'example',
  title: 'An example',
  sources: [{ authors: 'A. Author', title: 'A title', year: 2021, url: 'https://example.com/' }],
  method: ['How it was done.'],
  seeds: 3,
  variants: 1,
  run: () => Promise.resolve({ claims: [], findings: [] }),
};

test('the page says which claims hold, which do not, and which have nothing to compare with', () => {
  const claim = { published: '1', ours: '2', measured: exactly(2) };
  const page = reproducedPage(
    [
      {
        anchor,
        reproduction: {
          claims: [
            { ...claim, what: 'good', holds: true },
            { ...claim, what: 'bad', holds: false },
            { ...claim, what: 'ours alone', holds: null },
          ],
          findings: [],
        },
      },
    ],
    'reproduced',
    '2026-11-28',
  );
  expect(page).toContain('| ✗ 1 of 2 | `pnpm lab reproduce example` |');
  expect(page).toContain('| good | 1 |  | 2 | 1 | ✓ |');
  expect(page).toContain('| bad | 1 |  | 2 | 1 | ✗ |');
  expect(page).toContain('| ours alone | 1 |  | 2 | 1 |  |');
});

test('an interrupted run keeps the seeds that were complete, and drops the one that was not', async () => {
  const interrupt = new AbortController();
  const done: number[] = [];
  const replicate = createReplicate({
    seeds: 4,
    variants: 2,
    signal: interrupt.signal,
    onProgress: (share) => done.push(share),
  });
  const seeds = await replicate((seed) => {
    if (seed === 3) interrupt.abort();
    return Promise.resolve(seed);
  });
  expect(seeds).toEqual([1, 2]);
  expect(done).toEqual([1 / 8, 2 / 8]);
  expect(await replicate((seed) => Promise.resolve(seed))).toEqual([]);
});
