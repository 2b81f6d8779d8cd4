import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from './readme.ts';

/** The services and packages in a folder of their own, to be changed by a test and gone after it. */
export function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'halfopen-sources-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const part of ['packages', 'services', 'docker-compose.yml', 'tsconfig.json', 'package.json']) {
    // The links between the packages are relative ones: in the copy they lead to the copy.
    cpSync(join(root, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** What `tsc` says against them. */
export function typeErrors(copy: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(join(root, 'node_modules/.bin/tsc'), ['--project', copy], { cwd: copy }, (_error, stdout) => {
      resolve(stdout.split('\n').filter((line) => line.includes('error TS')));
    });
  });
}
