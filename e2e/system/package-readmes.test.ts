/** The example of every package's README runs as it is and prints what the README says. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { root } from '../harness/readme.ts';

const FOLDERS = globSync('{packages,services}/*/package.json', { cwd: root })
  .map(dirname)
  .concat('runner', 'lab', 'bench', 'traps', 'e2e', 'deploy')
  .toSorted();

test.each(FOLDERS)('%s has a README', (folder) => {
  expect(existsSync(join(root, folder, 'README.md'))).toBe(true);
});

const EXAMPLES = FOLDERS.filter((folder) => folder.startsWith('packages/'));

test.each(EXAMPLES)('the example of %s', (folder) => {
  const page = readFileSync(join(root, folder, 'README.md'), 'utf8');
  const [, script = '', output = ''] = /^```ts\n(.*?)^```\n\n```text\n(.*?)^```$/ms.exec(page) ?? [];
  expect(script).not.toBe('');
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    cwd: join(root, folder),
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ stdout, stderr }).toEqual({ stdout: output, stderr: '' });
});
