/**
 * Makes npm tarballs of what another repository copies: contracts, resilience, client and testing, compiled to JavaScript with their
 * types. Node strips types from our own sources, but not from packages under node_modules.
 *
 *   node packages/pack.ts [FOLDER]    the folder for the tarballs; default: `tarballs` in the root
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

const PACKAGES = ['contracts', 'resilience', 'client', 'testing'];
const here = import.meta.dirname;
const tarballs = resolve(process.argv[2] ?? join(here, '..', 'tarballs'));

const run = (command: string, args: readonly string[], cwd = here) =>
  execFileSync(command, args, { cwd, stdio: 'inherit' });

const built = mkdtempSync(join(tmpdir(), 'halfopen-build-'));
try {
  run(join(here, '../node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json', '--outDir', built]);
  mkdirSync(tarballs, { recursive: true });
  for (const name of PACKAGES) {
    const dist = join(here, name, 'dist');
    cpSync(join(built, name, 'src'), dist, { recursive: true });
    try {
      const tarball = join(tarballs, `halfopen-${name}.tgz`);
      run('npx', ['-y', 'pnpm@12', '--silent', 'pack', '--out', tarball], join(here, name));
    } finally {
      rmSync(dist, { recursive: true });
    }
  }
} finally {
  rmSync(built, { recursive: true });
}
process.stdout.write(
  `In another folder: npm install ${PACKAGES.map((name) => join(tarballs, `halfopen-${name}.tgz`)).join(' ')}\n`,
);
