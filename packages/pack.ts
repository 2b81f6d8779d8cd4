/**
 * Makes npm tarballs of what another repository copies: the client and what it needs, testing, and the simulator with what it
 * needs, compiled to JavaScript with their types. Node strips types from our own sources, but not from packages under node_modules.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const PACKAGES = ['contracts', 'resilience', 'client', 'testing', 'service-kit', 'simulator'];
const here = import.meta.dirname;
const tarballs = join(here, '..', 'tarballs');

const run = (command: string, args: readonly string[], cwd = here) =>
  execFileSync(command, args, { cwd, stdio: 'inherit' });

const distOf = (name: string) => join(here, name, 'dist');

const built = mkdtempSync(join(tmpdir(), 'halfopen-build-'));
try {
  run(join(here, '../node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json', '--outDir', built]);
  mkdirSync(tarballs, { recursive: true });
  for (const name of PACKAGES) {
    cpSync(join(built, name, 'src'), distOf(name), { recursive: true });
    run(
      'npx',
      ['-y', 'pnpm@12', '--silent', 'pack', '--out', join(tarballs, `halfopen-${name}.tgz`)],
      join(here, name),
    );
  }
} finally {
  // Compiled files must not stay: `pnpm check` would lint them, and a stale one would be packed again.
  for (const folder of [built, ...PACKAGES.map(distOf)]) rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  `In another folder: npm install ${PACKAGES.map((name) => join(tarballs, `halfopen-${name}.tgz`)).join(' ')}\n`,
);
