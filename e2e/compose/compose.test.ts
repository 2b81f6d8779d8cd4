/**
 * The composed system in real containers: what it answers while containers die, freeze, multiply and stop, and that
 * they have the rights and limits that docker-compose.yml promises.
 */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { type Answer, get } from '../harness/system.ts';
import {
  compose,
  containers,
  devDependencies,
  docker,
  GREETER_OPS_URLS,
  hello,
  inside,
  requireEngine,
  say,
} from './compose.ts';

/** The edge's deadline, and the way there and back. */
const DEADLINE_MS = 2_000 + 50 + 100;
const RECOVERY_MS = 3_000;
/** Long enough to be in flight when a signal arrives, not so long that the breaker opens for slow calls (475 ms). */
const SLOW = 'delay=250';

const SERVICES = ['edge', 'greeter', 'greeter-ops'];

await requireEngine();

const down = () => compose('down', '--volumes', '--remove-orphans', '--rmi', 'local');

beforeAll(async () => {
  await down();
  await compose('build');
});

afterAll(down);

beforeEach(async ({ onTestFailed }) => {
  onTestFailed(async () => say(await docker('compose', 'logs', '--tail', '20')));
  await compose('up', '--detach', '--scale', 'greeter=1');
  await healthy();
  await answersAgain();
});

test('the edge greets through the greeter', async () => {
  const answer = await hello();

  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ message: 'Hello, John!' });
});

describe.each(SERVICES)('the container of %s', (service) => {
  test('has no more rights than it needs, and limits', async () => {
    const [container] = await containers(service);

    expect(container).toMatchObject({
      Config: { User: 'node' },
      HostConfig: {
        ReadonlyRootfs: true,
        Privileged: false,
        CapAdd: null,
        CapDrop: ['ALL'],
        SecurityOpt: expect.arrayContaining(['no-new-privileges']),
        Memory: 512 * 2 ** 20,
        MemorySwap: 512 * 2 ** 20,
        NanoCpus: 1e9,
        PidsLimit: 100,
      },
    });
  });

  test('cannot write, not even as its own user', async () => {
    const attempts = `['/app', '/app/node_modules', '/tmp', require('os').homedir()].map((folder) => {
      try { fs.writeFileSync(folder + '/written', ''); return 'written'; } catch ({ code }) { return code; }
    })`;

    expect(await inside(service, 'process.getuid()')).toBeGreaterThan(0);
    expect(await inside(service, attempts)).toEqual(['EROFS', 'EROFS', 'EROFS', 'EROFS']);
  });

  test('holds what runs, and nothing else', async () => {
    const installed = (await inside(service, `fs.readdirSync('/app/node_modules/.pnpm')`)) as string[];
    const isInstalled = (name: string) => installed.some((entry) => entry.startsWith(`${name.replace('/', '+')}@`));
    expect(['express', 'zod'].filter(isInstalled)).toEqual(['express', 'zod']);
    expect(devDependencies().filter(isInstalled)).toEqual([]);

    const ours = (await inside(service, `fs.globSync('/app/{packages,services}/*/*')`)) as string[];
    expect(new Set(ours.map((path) => basename(path)))).toEqual(new Set(['node_modules', 'package.json', 'src']));
    const superfluous = `[...fs.globSync('/app/{packages,services}/*/src/**/*.test.ts'), ...fs.globSync('/{pnpm,app/out}')]`;
    expect(await inside(service, superfluous)).toEqual([]);
  });
});

test('ports are published on loopback only, those of the greeter not at all', async () => {
  const published = (await Promise.all(SERVICES.map(containers)))
    .flat()
    .flatMap(({ NetworkSettings: { Ports } }) => Object.entries(Ports))
    .flatMap(([port, bindings]) => (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${port}`));

  expect(published.toSorted()).toEqual([
    '127.0.0.1:21080:8080/tcp',
    '127.0.0.1:21081:8081/tcp',
    '127.0.0.1:21501:5001/tcp',
    '127.0.0.1:21502:5002/tcp',
    '127.0.0.1:21503:5003/tcp',
  ]);
});

test('kill: refused at once and with a hint, until the greeter is started', async () => {
  await compose('kill', 'greeter');

  // Docker's name server hears of a death a moment later: meanwhile attempts wait for a host that is no more.
  const first: TimedAnswer[] = [];
  const killedAt = performance.now();
  while (performance.now() - killedAt < 1_000) first.push(await timedHello());
  for (const answer of first) expectRefusal(answer, 1_000);
  const later: TimedAnswer[] = [];
  for (let i = 0; i < 50; i++) later.push(await timedHello());
  for (const answer of later) expectRefusal(answer, 100);
  say(`slowest refusal: ${slowest(first)} ms at first, ${slowest(later)} ms later`);
  expect(await containers('greeter')).toMatchObject([{ State: { Status: 'exited', ExitCode: 137 } }]);

  await compose('start', 'greeter');
  // How long a process takes to start is the machine's business, the edge's is what comes after.
  const readiness = async () => expect((await get(`${GREETER_OPS_URLS[0]}/readyz`)).status).toBe(200);
  await vi.waitFor(readiness, { timeout: 30_000, interval: 20 });
  say(`answers again ${await answersAgain()} ms after the greeter is ready`);
});

test('pause: a problem within the deadline, and answers as soon as the greeter is unpaused', async () => {
  await compose('pause', 'greeter');
  try {
    const { answer: answers, ownMs } = await timed(() => Promise.all(Array.from({ length: 10 }, () => hello())));
    for (const answer of answers) {
      expect([503, 504]).toContain(answer.status);
      expectProblem(answer);
    }
    expect(ownMs, 'the slowest of ten at once').toBeLessThan(DEADLINE_MS);
    say(`slowest answer of a frozen greeter: ${Math.round(ownMs)} ms`);
  } finally {
    await compose('unpause', 'greeter');
  }
  say(`answers again ${await answersAgain()} ms after the unpause`);
});

test('scale: three healthy greeters, each with its ops port', async () => {
  await compose('up', '--detach', '--wait', '--scale', 'greeter=3');

  const health = (await containers('greeter')).map(({ State }) => State.Health?.Status);
  expect(health).toEqual(['healthy', 'healthy', 'healthy']);
  for (const url of GREETER_OPS_URLS) expect((await get(`${url}/readyz`)).status).toBe(200);
  const answers = await Promise.all(Array.from({ length: 30 }, () => hello()));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
});

test('stop: requests in flight are answered, every process ends by itself', async () => {
  const requests: { readonly sentAt: number; readonly ended: Promise<{ at: number; status: number }> }[] = [];
  // Whenever SIGTERM arrives, several are in flight.
  const sending = setInterval(() => {
    const ended = hello(SLOW).then(
      ({ status }) => ({ at: Date.now(), status }),
      () => ({ at: Date.now(), status: 0 }),
    );
    requests.push({ sentAt: Date.now(), ended });
  }, 50);
  await hello(SLOW);
  await compose('stop').finally(() => clearInterval(sending));

  for (const service of SERVICES) {
    expect(await containers(service)).toMatchObject([{ State: { Status: 'exited', ExitCode: 0, OOMKilled: false } }]);
  }

  const log = (await docker('compose', 'logs', '--no-log-prefix', 'edge')).split('\n').filter((line) => line !== '');
  const stopping = log.map((line) => JSON.parse(line)).findLast(({ reason }) => reason === 'SIGTERM');
  const stoppedAt = Date.parse(stopping.time);
  // What was sent later may not have reached the edge before SIGTERM did.
  const before = requests.filter(({ sentAt }) => sentAt < stoppedAt - 100);
  const answers = await Promise.all(before.map(({ ended }) => ended));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers.filter(({ at }) => at > stoppedAt).length).toBeGreaterThan(0);
});

test.each(['edge', 'greeter'])(
  '%s, stopped right after its start: the signal is not lost while Node starts',
  async (service) => {
    const id = (await docker('compose', 'ps', '--all', '--quiet', service)).trim();
    await docker('stop', id);
    for (const delayMs of [0, 100, 200, 400, 800]) {
      await docker('start', id);
      await sleep(delayMs);
      await docker('stop', '--time', '15', id);
      const [container] = await containers(service);
      // The image must do it by itself: Kubernetes adds no init.
      expect(container?.HostConfig.Init ?? false).toBe(false);
      // 137 would be SIGKILL, 15 s later. 143: SIGTERM came before the first line of main.ts.
      expect([0, 143], `${delayMs} ms after the start`).toContain(container?.State.ExitCode);
    }
  },
);

/** Not `up --wait`: to Docker, a container that was just unpaused is unhealthy until its next check, which ends the wait. */
async function healthy(): Promise<void> {
  const one = [{ State: { Health: { Status: 'healthy' } } }];
  await vi.waitFor(
    async () => {
      expect(await containers('edge')).toMatchObject(one);
      expect(await containers('greeter')).toMatchObject(one);
    },
    { timeout: 60_000, interval: 200 },
  );
}

/** Resolves to the milliseconds that it took, without the machine's part. */
async function answersAgain(): Promise<number> {
  const isBack = async () => expect((await hello()).status).toBe(200);
  const { ownMs } = await timed(() => vi.waitFor(isBack, { timeout: 10 * RECOVERY_MS, interval: 20 }));
  expect(ownMs).toBeLessThan(RECOVERY_MS);
  return Math.round(ownMs);
}

interface TimedAnswer extends Answer {
  /** How long it took, without the machine's part. */
  readonly ownMs: number;
}

async function timedHello(): Promise<TimedAnswer> {
  const { answer, ownMs } = await timed(() => hello());
  return { ...answer, ownMs };
}

function expectRefusal(answer: TimedAnswer, mostMs: number): void {
  expect(answer.status).toBe(503);
  expectProblem(answer);
  expect(['unreachable', 'breaker_open', 'budget_exhausted']).toContain(answer.json.code);
  expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
  expect(answer.ownMs).toBeLessThan(mostMs);
}

function expectProblem({ status, headers, json }: Answer): void {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(json.status).toBe(status);
}

function slowest(answers: readonly TimedAnswer[]): number {
  return Math.round(Math.max(...answers.map(({ ownMs }) => ownMs)));
}
