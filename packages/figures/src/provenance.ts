import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** Where a result comes from: all that is needed to measure it again. */
export const provenanceSchema = z.strictObject({
  startedAt: z.iso.datetime(),
  command: z.string().describe('Runs the same experiment again.'),
  seed: z.int(),
  commit: z.string().describe("Halfopen's commit, with `-dirty` where files differ from it."),
  node: z.string(),
  versions: z
    .record(z.string(), z.string())
    .exactOptional()
    .describe('Of the libraries that the figures depend on: name to version.'),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    memoryBytes: z.int(),
    os: z.string(),
  }),
  on: z.string().describe('Where the system ran.'),
});

/** See {@link provenanceSchema}. */
export type Provenance = Readonly<z.output<typeof provenanceSchema>>;

export interface ProvenanceOptions {
  /** The command that measures the same again. */
  readonly command: string;
  readonly seed: number;
  /** Where the system runs: `embedded`, or the URL of a running system. */
  readonly on: string;
  /**
   * The libraries whose version can move a figure: the name of each, and the folder of the package that uses it, relative to the
   * root of the workspace (`{ axios: 'packages/client' }`). Default: none is recorded.
   */
  readonly libraries?: Readonly<Record<string, string>>;
}

/**
 * Describes the machine, the commit and the libraries of a measurement that starts now.
 * @throws Error when a library is not installed or hides its `package.json`
 */
export function provenanceOf({ command, seed, on, libraries }: ProvenanceOptions): Provenance {
  const root = workspaceRoot();
  return {
    startedAt: new Date().toISOString(),
    command,
    seed,
    on,
    commit: commitOf(root),
    node: process.version,
    ...(libraries === undefined ? {} : { versions: versionsOf(libraries, root) }),
    machine: {
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      os: `${os.type()} ${os.release()} ${os.arch()}`,
    },
  };
}

/** The folder of the workspace: the nearest one above this file that holds `pnpm-workspace.yaml`. @throws Error when there is none */
export function workspaceRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'pnpm-workspace.yaml'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no pnpm-workspace.yaml in any folder above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}

function commitOf(root: string): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return `${git('rev-parse', 'HEAD').trim()}${git('status', '--porcelain').trim() === '' ? '' : '-dirty'}`;
  } catch {
    // A copy without its git history can still measure; its results are only harder to place.
    return 'unknown';
  }
}

function versionsOf(libraries: Readonly<Record<string, string>>, root: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(libraries).map(([name, folder]) => {
      const require = createRequire(join(root, folder, 'package.json'));
      const { version } = require(`${name}/package.json`) as { version: string };
      return [name, version];
    }),
  );
}
