/** The profile `wire`: a proxy between edge and greeter that can be broken; and `pnpm faults` on containers. */
import { type Proxy, Toxiproxy } from 'toxiproxy-node-client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { spawnScript } from '../harness/process.ts';
import { addToxic } from '../harness/wire.ts';
import { compose, containers, docker, env, hello, inside, requireEngine, say } from './compose.ts';

Object.assign(env, {
  COMPOSE_PROJECT_NAME: 'halfopen-wire-test',
  COMPOSE_PROFILES: 'wire',
  GREETER_URL: 'http://wire:5000',
  WIRE_API_PORT: '21474',
});

await requireEngine();

const down = () => compose('down', '--volumes', '--remove-orphans', '--rmi', 'local');
const toxiproxy = new Toxiproxy('http://127.0.0.1:21474');
let wire: Proxy;

beforeAll(async () => {
  await down();
  await compose('up', '--build', '--detach', '--wait');
});

afterAll(down);

beforeEach(async ({ onTestFailed }) => {
  onTestFailed(async () => say(await docker('compose', 'logs', '--tail', '20')));
  await toxiproxy.reset();
  wire = await toxiproxy.get('greeter');
  await answers(200);
});

async function answers(status: number): Promise<void> {
  await expect.poll(async () => (await hello()).status, { timeout: 20_000, interval: 200 }).toBe(status);
}

async function faults(...args: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const defined = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const command = spawnScript('runner/src/faults.ts', defined, [], [...args, '--on', 'compose']);
  const code = await command.exited;
  return { code, output: command.output().trim() };
}

const done = (output: string) => ({ code: 0, output: expect.stringContaining(output) });
const refused = (output: string) => ({ code: 1, output: expect.stringContaining(output) });

test('every call goes through the proxy: slow, cut, and whole again', async () => {
  await addToxic(wire, 'latency', 'downstream', { latency: 300, jitter: 0 });
  const startedAt = performance.now();
  expect((await hello()).status).toBe(200);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);

  await wire.update({ ...wire.toJson(), enabled: false });
  expect((await hello()).status).toBe(503);

  await toxiproxy.reset();
  await answers(200);
});

test('its container has no more rights than the others', async () => {
  const [container] = await containers('wire');
  expect(container).toMatchObject({
    Config: { User: 'node' },
    HostConfig: { ReadonlyRootfs: true, CapAdd: null, CapDrop: ['ALL'], Memory: 512 * 2 ** 20, PidsLimit: 100 },
    NetworkSettings: { Ports: { '8474/tcp': [{ HostIp: '127.0.0.1', HostPort: '21474' }] } },
  });
  expect(await inside('wire', 'process.getuid()')).toBeGreaterThan(0);
});

test('pnpm faults pauses, resumes, kills, starts and restarts the greeter', async () => {
  expect((await faults('status')).output).toMatch(/greeter +up .*halfopen-wire-test-greeter-1/);
  expect(await faults('pause', 'greeter')).toEqual(done('greeter is paused (halfopen-wire-test-greeter-1)'));
  expect((await containers('greeter'))[0]?.State.Status).toBe('paused');
  // Out of time at first, then out of retries.
  expect([503, 504]).toContain((await hello()).status);
  expect(await faults('resume', 'greeter')).toEqual(done('greeter goes on'));
  await answers(200);
  expect(await faults('resume', 'greeter')).toEqual(refused('not paused'));
  expect(await faults('kill', 'greeter')).toEqual(done('greeter is killed'));
  expect((await containers('greeter'))[0]?.State.Status).toBe('exited');
  expect((await hello()).status).toBeGreaterThanOrEqual(500);
  expect(await faults('start', 'greeter')).toEqual(done('greeter is started'));
  await answers(200);
  expect(await faults('restart', 'greeter')).toEqual(done('greeter is restarted'));
  await answers(200);
});

test('pnpm faults scales the greeter', async () => {
  expect(await faults('scale', 'greeter', '2')).toEqual(done('greeter has 2 replicas'));
  expect(await containers('greeter')).toHaveLength(2);
  expect(await faults('scale', 'greeter', '1')).toEqual(done('greeter has 1 replica'));
  expect(await containers('greeter')).toHaveLength(1);
});

test('pnpm faults takes the network from the greeter and gives it back', async () => {
  expect(await faults('isolate', 'greeter')).toEqual(done('greeter is isolated'));
  const [container] = await containers('greeter');
  expect(container?.State.Status).toBe('running');
  expect((await hello()).status).toBeGreaterThanOrEqual(500);
  expect(await faults('isolate', 'greeter')).toEqual(refused('isolated already'));
  expect(await faults('rejoin', 'greeter')).toEqual(done('greeter has its network again'));
  await answers(200);
  expect(await faults('rejoin', 'greeter')).toEqual(refused('not isolated'));
});

test('pnpm faults refuses what is not of this project', async () => {
  expect(await faults('kill', 'postgres')).toEqual(
    refused('docker compose (project halfopen-wire-test) has no postgres; it has edge, greeter, greeter-ops, wire'),
  );
});
