/** "Copy it" in the README does what it says, in an empty folder: tarballs, an installation, a call. Needs a package registry. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { root, shell, shellBlocks } from '../harness/readme.ts';
import { startSystem } from '../harness/system.ts';

test('the commands under "Copy it"; the script compiles strictly', async () => {
  const { greeter } = await startSystem();
  const folder = mkdtempSync(join(tmpdir(), 'caller-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const [, script = ''] = /^## Copy it$.*?^```ts\n(.*?)^```$/ms.exec(readFileSync(`${root}README.md`, 'utf8')) ?? [];
  expect(script).toContain('http://127.0.0.1:5000');
  writeFileSync(join(folder, 'call.mts'), script.replace('http://127.0.0.1:5000', greeter.url));

  const [block] = shellBlocks('Copy it');
  const commands = (block?.commands ?? '')
    .replaceAll('../caller', folder)
    .replaceAll('../halfopen/', root)
    // The same Node, which is at hand.
    .replace('npx -y node@24', process.execPath);
  const printed = await shell(commands, process.env);
  expect(printed.split('\n').slice(-2).join('\n')).toBe(block?.output);

  const types = `--types node --typeRoots ${root}node_modules/@types`;
  const strictly = '--noEmit --strict --module nodenext --target es2024';
  await expect(
    shell(`cd ${folder} && ${root}node_modules/.bin/tsc ${strictly} ${types} call.mts`, process.env),
  ).resolves.toBe('');
}, 180_000);

test('the simulator from its tarballs: the test of its README, in an empty folder', async () => {
  const page = 'packages/simulator/README.md';
  const folder = mkdtempSync(join(tmpdir(), 'caller-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const [, script = ''] =
    /^<!-- test\/your-configuration.*?^```ts\n(.*?)^```$/ms.exec(readFileSync(root + page, 'utf8')) ?? [];
  writeFileSync(join(folder, 'calls.test.ts'), script);
  const [block] = shellBlocks('Test your own configuration', page);
  const commands = (block?.commands ?? '').replaceAll('../caller', folder).replaceAll('../halfopen/', root);
  await shell(commands, process.env);
  const vitest = `'${process.execPath}' node_modules/vitest/vitest.mjs`;
  await expect(shell(`cd ${folder} && ${vitest} run --reporter=verbose`, process.env)).resolves.toContain('4 passed');
}, 180_000);
