import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { brokenLinks } from '../pages/links.ts';

function linksIn(pages: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'links-'));
  onTestFinished(() => {
    rmSync(root, { recursive: true });
  });
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(root, name), text);
  return brokenLinks(root);
}

test('a file that does not exist is named with its place', () => {
  expect(linksIn({ 'a.md': 'one\n\n[`code`](b.md), ![a picture](c.svg)\n' })).toEqual([
    'a.md:3: b.md: there is no such file',
    'a.md:3: c.svg: there is no such file',
  ]);
});

test('a heading that does not exist is named with its place', () => {
  expect(linksIn({ 'a.md': '# A\n[here](#a) [nowhere](#b) [there](b.md#c)\n', 'b.md': '# B\n' })).toEqual([
    'a.md:2: #b: a.md has no such heading',
    'a.md:2: b.md#c: b.md has no such heading',
  ]);
});

test('headings have the anchors that GitHub gives them', () => {
  const text = '# Retry & its `budget`, [really](b.md)\n## Twice\n## Twice\n<a id="own"></a>\n';
  const links = '[1](b.md#retry--its-budget-really) [2](b.md#twice) [3](b.md#twice-1) [4](b.md#own)\n';
  expect(linksIn({ 'a.md': links, 'b.md': text })).toEqual([]);
});

test('code, other sites and headings in code are left alone', () => {
  const text =
    '`[x](y.md)` [site](https://example.org/x.md)\n\n```sh\n# Not a heading\ncat [x](y.md)\n```\n[z](#not-a-heading)\n';
  expect(linksIn({ 'a.md': text })).toEqual(['a.md:7: #not-a-heading: a.md has no such heading']);
});
