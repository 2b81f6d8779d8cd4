import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ShellBlock {
  readonly commands: string;
  /** What the README says it prints. */
  readonly output: string | undefined;
}

/** The shell blocks under a heading of the README, or of another page, each with the output that follows it. */
export function shellBlocks(heading: string, page = 'README.md'): ShellBlock[] {
  const sections = readFileSync(root + page, 'utf8').split(/^(?=#+ )/m);
  const section = sections.find((text) => text.slice(0, text.indexOf('\n')).replace(/^#+ /, '') === heading);
  if (section === undefined) throw new Error(`${page} has no heading "${heading}"`);
  return [...section.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?/gms)].map(([, commands = '', output]) => ({
    commands,
    output,
  }));
}

/** All shell blocks of the README, or of another page, to see that none is forgotten. */
export function countShellBlocks(page = 'README.md'): number {
  return readFileSync(root + page, 'utf8').match(/^```sh$/gm)?.length ?? 0;
}

/** Words of answers that are all right: which of them is given is decided by a race. The output must have one of them. */
const EITHER: readonly (readonly string[])[] = [
  // The name of a container that was killed may resolve for a moment, or no longer.
  [
    'no endpoint is known',
    'no connection could be made (ECONNREFUSED)',
    'no connection could be made (EHOSTUNREACH)',
    'no connection could be made (ENOTFOUND)',
  ],
  // The edge's deadline and the greeter's are the same instant.
  ['no answer before the deadline', 'the other side had no time left (status 504)'],
];

/** What changes from run to run: ids, dates, lengths, time spent and left, what was asked before. */
export function withoutChance(text: string): string {
  return text
    .replaceAll('\r', '')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/^Date: .*$/gm, 'Date: <date>')
    .replace(/^content-length: .*$/gm, 'content-length: <length>')
    .replace(/(;dur=|"(?:totalMs|startMs|tookMs|leftMs)":|"because":"\w+","delayMs":)[\d.]+/g, '$1<ms>')
    .replace(/"parts":\{[^}]*\}/g, (parts) => parts.replace(/[\d.]+(?=[,}])/g, '<ms>'))
    .replace(/"retryBudget":\{[^}]*\}/g, (budget) => budget.replace(/[\d.]+(?=[,}])/g, '<retries>'))
    .replace(/"leftMs":\{[^}]*\}/g, (left) => left.replace(/[1-9]\d*(?=[,}])/g, '<ms>'))
    .replace(new RegExp(EITHER.flat().map(literally).join('|'), 'g'), (words) => {
      const [first = words] = EITHER.find((alike) => alike.includes(words)) ?? [];
      return first;
    })
    .trim();
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** All that `pnpm test` may ask for is npm and Node: where there is no curl, a script of ours stands in for it. */
const CURL = `command -v curl >/dev/null || curl() { '${process.execPath}' '${root}e2e/harness/curl.ts' "$@"; }\n`;

/** Runs commands in a shell, in the root of the repository. Resolves with what they printed. @throws when one fails */
export function shell(commands: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euc', `${CURL}${commands}`], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaints = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      complaints += data;
    });
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${commands} exited with ${code}: ${complaints}`));
    });
  });
}
