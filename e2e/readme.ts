import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

export interface ShellBlock {
  readonly commands: string;
  /** What the README says it prints. */
  readonly output: string | undefined;
}

/** The shell blocks under a heading of the README, each with the output that follows it. */
export function shellBlocks(heading: string): ShellBlock[] {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const sections = readme.split(/^(?=#+ )/m);
  const section = sections.find((text) => text.slice(0, text.indexOf('\n')).replace(/^#+ /, '') === heading);
  if (section === undefined) throw new Error(`README.md has no heading "${heading}"`);
  return [...section.matchAll(/^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?/gms)].map(([, commands = '', output]) => ({
    commands,
    output,
  }));
}

/** All shell blocks of the README, to see that none is forgotten. */
export function countShellBlocks(): number {
  return readFileSync(`${root}README.md`, 'utf8').match(/^```sh$/gm)?.length ?? 0;
}

/** What changes from run to run: ids, dates, lengths, ports. */
export function withoutChance(text: string): string {
  return text
    .replaceAll('\r', '')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/^Date: .*$/gm, 'Date: <date>')
    .replace(/^content-length: .*$/gm, 'content-length: <length>')
    .trim();
}

/** Runs commands in a shell, in the root of the repository. Resolves with what they printed. @throws when one fails */
export function shell(commands: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euc', commands], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
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
