/** The README does what it says: every command without Docker, with the output that stands there. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { freePort } from '@halfopen/runner';
import { expect, onTestFinished, test } from 'vitest';
import { countShellBlocks, root, shell, shellBlocks, withoutChance } from '../harness/readme.ts';
import { get } from '../harness/system.ts';

test('the commands under "Try it"', async () => {
  const ports: Record<string, string> = {};
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, usual] of [
    ['EDGE_PORT', '8080'],
    ['EDGE_OPS_PORT', '8081'],
    ['GREETER_PORT', '5000'],
    ['GREETER_OPS_PORT', '5001'],
  ] as const) {
    env[name] = ports[usual] = String(await freePort());
  }
  const here = (text: string) =>
    text.replace(/127\.0\.0\.1:(\d{4})\b/g, (_all, port: string) => `127.0.0.1:${ports[port]}`);

  const [start, ...others] = shellBlocks('Try it');
  expect(others).toHaveLength(3);
  const system = spawn(start?.commands.trim() ?? '', {
    cwd: root,
    env,
    shell: 'bash',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => {
    system.on('exit', resolve);
  });
  onTestFinished(async () => {
    system.kill('SIGTERM');
    await ended;
  });
  let printed = '';
  system.stdout.on('data', (data) => {
    printed += data;
  });
  await expect.poll(() => printed, { timeout: 60_000 }).toContain(here(start?.output ?? '').trim());

  for (const { commands, output } of others) {
    const got = await shell(here(commands), env);
    expect(untimed(got), commands).toBe(untimed(here(output ?? '')));
  }

  // Whoever kills the package manager, and not what it started, leaves nothing behind either.
  system.kill('SIGTERM');
  const gone = () => get(`http://127.0.0.1:${ports['8080']}/hello`).catch((error: { code?: string }) => error.code);
  await expect.poll(gone).toBe('ECONNREFUSED');
}, 120_000);

/** How long it took differs; that it is within the deadline is measured elsewhere. */
const untimed = (text: string) => withoutChance(text).replace(/after [\d.]+ s/g, 'after <s> s');

test('the commands under "Tests" are what continuous integration runs', () => {
  const ci = readFileSync(`${root}.ci/run`, 'utf8');
  for (const { commands } of shellBlocks('Tests')) {
    expect(commands).toMatch(/^npx -y pnpm@12 test\n$/);
    expect(ci).toMatch(/^for tests in test /m);
  }
});

test('no command of the README is left out', () => {
  const known = ['With Docker', 'Try it', 'Copy it', 'Tests'].flatMap((heading) => shellBlocks(heading));
  expect(known).toHaveLength(countShellBlocks());
});
