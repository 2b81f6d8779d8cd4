import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The type errors of a copy of the sources in which `from` is replaced by `to` in one file. */
function typeErrors(file: string, from: string, to: string): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'halfopen-types-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const part of ['packages', 'services', 'tsconfig.json', 'package.json']) {
    // The links between the packages are relative ones: in the copy they lead to the copy.
    cpSync(join(root, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const source = readFileSync(join(copy, file), 'utf8');
  expect(source).toContain(from);
  writeFileSync(join(copy, file), source.replaceAll(from, to));
  return new Promise((resolve) => {
    execFile(join(root, 'node_modules/.bin/tsc'), ['--project', copy], { cwd: copy }, (_error, stdout) => {
      resolve(stdout.split('\n').filter((line) => line.includes('error TS')));
    });
  });
}

test('renaming a field of the response compiles neither in the greeter nor in the edge', async () => {
  const errors = await typeErrors('packages/contracts/src/greeter.ts', ' message: z', ' greeting: z');
  for (const file of ['services/greeter/src/routes/hello.ts', 'services/edge/src/routes/hello.ts']) {
    expect(errors.filter((error) => error.startsWith(file))).not.toEqual([]);
  }
});

test('renaming a field of the query does not compile in the greeter', async () => {
  const errors = await typeErrors('packages/contracts/src/greeter.ts', '{ name: nameSchema', '{ who: nameSchema');
  expect(errors.filter((error) => error.startsWith('services/greeter/src/routes/hello.ts'))).not.toEqual([]);
});

test('the sources as they are compile', async () => {
  expect(await typeErrors('packages/contracts/src/greeter.ts', 'Greets', 'Greets')).toEqual([]);
});
