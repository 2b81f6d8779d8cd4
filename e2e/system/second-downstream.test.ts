/** The guide to a second downstream, followed to the letter in a copy of the sources. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spawnScript } from '../harness/process.ts';
import { root, shell, shellBlocks } from '../harness/readme.ts';
import { copySources, typeErrors } from '../harness/sources-copy.ts';
import { deadUrl, get } from '../harness/system.ts';

const PAGE = 'docs/guides/second-downstream.md';
const recipe = readFileSync(root + PAGE, 'utf8');
const COUNTS = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

interface Step {
  readonly file: string;
  readonly language: string;
  readonly lines: readonly string[];
}

/** What is to be written, each into the file that was named last. */
function stepsOf(text: string): Step[] {
  return [...text.matchAll(/^```(ts|diff|yaml)\n(.*?)^```$/gms)].map(({ index, 1: language = '', 2: body = '' }) => {
    const named = [...text.slice(0, index).matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts|docker-compose\.yml)`/g)];
    return { file: named.at(-1)?.[1] ?? '', language, lines: body.split('\n').slice(0, -1) };
  });
}

/** Carries out one step. @returns how many lines it adds and removes */
function carryOut(copy: string, { file, language, lines }: Step): { readonly added: number; readonly removed: number } {
  const path = join(copy, file);
  if (language === 'ts') {
    expect(existsSync(path), `${file} is new`).toBe(false);
    expect(recipe).toContain(`New, \`${file}\` (${lines.length} lines):`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return { added: lines.length, removed: 0 };
  }
  const without = (sign: string) => lines.filter((line) => !line.startsWith(sign)).map((line) => line.slice(1));
  const place = '  greeter-ops:\n';
  const before = language === 'yaml' ? place : `${without('+').join('\n')}\n`;
  const after = language === 'yaml' ? `${lines.join('\n')}\n${place}` : `${without('-').join('\n')}\n`;
  // The first line of a file is also the place for what is to stand above it.
  const old = before === '\n' ? (/^import .*\n/.exec(readFileSync(path, 'utf8'))?.[0] ?? '') : before;
  const parts = `\n${readFileSync(path, 'utf8')}`.split(`\n${old}`);
  expect(parts.length - 1, `places in ${file} for\n${lines.join('\n')}`).toBe(1);
  writeFileSync(path, parts.join(`\n${after}`).slice(1));
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return language === 'yaml' ? { added: lines.length, removed: 0 } : { added: count('+'), removed: count('-') };
}

test('it costs what it says, compiles, and greets through the second service as safely as through the first', async () => {
  const copy = copySources();
  const steps = stepsOf(recipe);
  const done = steps.map((step) => carryOut(copy, step));
  const files = new Set(steps.map(({ file }) => file)).size;
  const added = done.reduce((sum, step) => sum + step.added, 0);
  const removed = done.reduce((sum, step) => sum + step.removed, 0);
  const fresh = steps.filter(({ language }) => language === 'ts').length;
  expect(recipe.replaceAll(/\s+/g, ' ')).toContain(
    `${COUNTS[files]} files, ${COUNTS[fresh]} of them new, ${added} lines added and ${removed} existing lines replaced`,
  );

  const [service] = shellBlocks('The service itself', PAGE);
  const [commands = ''] = service?.commands.split('npx') ?? [];
  await shell(`cd ${copy}\n${commands}`, process.env);
  // In place of the installation.
  cpSync(join(copy, 'services/greeter/node_modules'), join(copy, 'services/farewell/node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  expect(await typeErrors(copy)).toEqual([]);

  const start = (name: string, env: Readonly<Record<string, string>>) =>
    spawnScript(join(copy, 'services', name, 'src/main.ts'), env);
  const farewell = start('farewell', { FAREWELL_PORT: '0', FAREWELL_OPS_PORT: '0' });
  const { url } = await farewell.listening;
  const edge = start('edge', {
    EDGE_PORT: '0',
    EDGE_OPS_PORT: '0',
    GREETER_URL: deadUrl(),
    FAREWELL_URL: url,
  });
  const at = await edge.listening;
  expect((await get(`${at.url}/goodbye?name=John`)).json).toEqual({ message: 'Goodbye, John!' });
  expect((await get(`${at.url}/hello`)).json).toMatchObject({ status: 503, code: 'unreachable' });
  expect((await get(`${at.url}/goodbye?name=`)).status).toBe(400);
  expect(Object.keys((await get(`${at.opsUrl}/downstreams`)).json)).toEqual(['greeter', 'farewell']);
  farewell.signal('SIGKILL');
  await farewell.exited;
  expect((await get(`${at.url}/goodbye`)).json).toMatchObject({ status: 503, code: 'unreachable' });
}, 60_000);
