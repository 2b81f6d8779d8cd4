import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Provenance } from '../result.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The libraries whose version can move a figure, and whose they are. */
const LIBRARIES = [
  ['undici', 'lab'],
  ['pure-rand', 'lab'],
  ['axios', 'packages/client'],
  ['opossum', 'packages/resilience'],
  ['express', 'packages/service-kit'],
] as const;

/** Where a result comes from, so that it can be had again. */
export function provenanceOf(given: Pick<Provenance, 'command' | 'seed' | 'on'>): Provenance {
  return {
    startedAt: new Date().toISOString(),
    ...given,
    commit: commit(),
    node: process.version,
    versions: Object.fromEntries(LIBRARIES.map(([name, of]) => [name, versionOf(name, of)])),
    machine: {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      os: `${os.type()} ${os.release()} ${os.arch()}`,
    },
  };
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return `${git('rev-parse', 'HEAD').trim()}${git('status', '--porcelain').trim() === '' ? '' : '-dirty'}`;
  } catch {
    // A copy without its history: a result is no worse for that, only harder to place.
    return 'unknown';
  }
}

function versionOf(library: string, of: string): string {
  const { version } = createRequire(`${root}${of}/package.json`)(`${library}/package.json`) as { version: string };
  return version;
}
