/** Links of Markdown files that lead nowhere: a file, a folder or a heading that does not exist. Nothing is fetched. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '@halfopen/runner';
import type { Keep } from '../page.ts';

/** Checks the links of every page. Nothing is written. */
export const checkLinks: Keep = async () => brokenLinks(fileURLToPath(ROOT));

/** Folders whose Markdown is not ours to mend: installed, or written by a run. */
const SKIPPED = new Set(['node_modules', 'results', 'reports', '.git', '.turbo', '.halfopen']);

/**
 * Checks every relative link and every anchor of the Markdown files under a folder.
 * @returns one line for each broken link: its file, its line and what is missing
 */
export function brokenLinks(root: string): string[] {
  const pages = globSync('**/*.md', { cwd: root, exclude: (name) => isSkipped(name, root) }).toSorted();
  return pages.flatMap((page) =>
    linksOf(readFileSync(join(root, page), 'utf8')).flatMap((link) => check(page, link, root)),
  );
}

interface Link {
  readonly target: string;
  readonly line: number;
}

/** Whether a path is in a folder whose Markdown is not checked. */
export function isSkipped(path: string, root: string): boolean {
  // docs/results is committed; results/ in the root is where a run writes.
  const inside = relative(root, resolve(root, path));
  return inside.split('/').some((part, depth) => SKIPPED.has(part) && (part !== 'results' || depth === 0));
}

/** Lines keep their numbers, code keeps no links. */
function withoutCode(text: string): string {
  return text
    .replaceAll(/^( *)(```+|~~~+).*\n[\s\S]*?^ *\2 *$/gm, (block) => block.replaceAll(/[^\n]/g, ''))
    .replaceAll(/`([^`\n]+)`/g, (_all, code: string) => code.replaceAll(/[[\]()<>]/g, ' '));
}

function linksOf(text: string): Link[] {
  const plain = withoutCode(text);
  return [...plain.matchAll(/\]\(<?([^)\s>]+)>?(?: +"[^"]*")?\)|<(?:a|img) [^>]*(?:href|src)="([^"]+)"/g)].map(
    ({ index, 1: inText, 2: inTag }) => ({
      target: inText ?? inTag ?? '',
      line: plain.slice(0, index).split('\n').length,
    }),
  );
}

function check(page: string, { target, line }: Link, root: string): string[] {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(root, page) : resolve(root, dirname(page), decodeURI(path));
  const place = `${page}:${line}: ${target}`;
  if (!existsSync(file)) return [`${place}: there is no such file`];
  if (anchor === undefined || !file.endsWith('.md')) return [];
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor)
    ? []
    : [`${place}: ${relative(root, file)} has no such heading`];
}

/** The anchors that GitHub gives to the headings of a page, and those that the page names itself. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set([...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id));
  const plain = text.replaceAll(/^(```+).*\n[\s\S]*?^\1 *$/gm, '');
  for (const [, heading = ''] of plain.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    // Headings of the same words are numbered.
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
