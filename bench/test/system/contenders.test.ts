import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { freePorts } from '@halfopen/runner';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Bed, type Entrant, enter, enterFailing, startBed } from '../../src/bed.ts';
import { CONTENDERS, type Contender } from '../../src/contenders.ts';
import { busyNs, cpuNsOf, residentBytesOf } from '../../src/kernel.ts';
import { closedLoop, read } from '../../src/load/closed-loop.ts';
import { openLoop } from '../../src/load/open-loop.ts';
import type { Task } from '../../src/load/protocol.ts';
import { type Start, start } from '../../src/start.ts';

const isInstalled = (one: Contender) => one.start('http://127.0.0.1:1', 1, '') !== undefined;
const INSTALLED = CONTENDERS.filter(isInstalled);

let bed: Bed;
let spans = 0;
const collector = createServer((req, res) => {
  json(req).then(
    (payload) => {
      spans += JSON.stringify(payload).split('"traceId"').length - 1;
      res.end('{}');
    },
    () => res.destroy(),
  );
});
/** By name. Started once for all tests: to start them is what costs most here. */
let entrants: ReadonlyMap<string, Entrant & { readonly opsPort?: number }> = new Map();

beforeAll(async () => {
  bed = await startBed();
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const spansUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const all: (() => Promise<Entrant | undefined>)[] = [
    ...INSTALLED.map((one) => () => (isOurs(one) ? enterWithOps(one, spansUrl) : enter(one, bed))),
    () => enterFailing('tutorial', 'Breaker is open', bed),
    () => enterFailing('ours', '"code":"breaker_open"', bed),
  ];
  const entered = new Map<string, Entrant>();
  entrants = entered;
  const enterOneByOne = async () => {
    for (let next = all.shift(); next !== undefined; next = all.shift()) {
      const entrant = await next();
      if (entrant !== undefined) entered.set(entrant.name, entrant);
    }
  };
  // Not all at once: on a busy machine each would take longer than the bench has patience for.
  await Promise.all([enterOneByOne(), enterOneByOne()]);
}, 120_000);

afterAll(async () => {
  await Promise.all([...entrants.values()].map(({ process }) => process.stop()));
  await bed.stop();
  collector.close();
  collector.closeAllConnections();
});

const isOurs = ({ name, variantOf }: Contender) => name === 'ours' || variantOf === 'ours';

/** As in a run, but its metrics are to be had. */
async function enterWithOps(one: Contender, spansUrl: string) {
  const [port, opsPort] = (await freePorts(2)) as [number, number];
  const how = one.start(bed.greeters[0] as string, port, spansUrl) as Extract<Start, { readonly script: string }>;
  const process = await start({ ...how, env: { ...how.env, EDGE_OPS_PORT: String(opsPort) } }, port);
  return { name: one.name, process, expected: { status: 200, text: 'Hello' }, opsPort };
}

function entrantOf(name: string) {
  const entrant = entrants.get(name);
  if (entrant === undefined) throw new Error(`${name} has not been started`);
  return entrant;
}

const task = ({ process: { url, pid }, expected }: Entrant, windowMs = 500): Task => {
  return { url, pid, beside: bed.pids, connections: 4, expected, settleMs: 20, windowMs };
};

it('lacks nobody but what is no package of npm', () => {
  expect(CONTENDERS.filter((one) => !isInstalled(one)).filter(({ name }) => name !== 'nginx')).toEqual([]);
});

it.each(INSTALLED)('$name gives the answer of the contract, and what it costs can be measured', async ({ name }) => {
  const entrant = entrantOf(name);
  const { statusCode, body } = await request(`${entrant.process.url}/hello?name=J%C3%B6rg%20%26`);
  expect(statusCode).toBe(200);
  expect(await body.json()).toEqual({ message: 'Hello, Jörg &!' });

  const { cpuUs, perSecond, requests, cores } = await bed.generator.measure(task(entrant));
  expect(requests).toBeGreaterThan(0);
  expect(cpuUs).toBeGreaterThan(1);
  expect((cpuUs * perSecond) / 1e6).toBeCloseTo(cores);
  expect(residentBytesOf([entrant.process.pid])).toBeGreaterThan(1_000_000);
});

it('gives no figure where the answers are not what was expected', async () => {
  const expected = { status: 200, text: 'Goodbye' };
  await expect(bed.generator.measure({ ...task(entrantOf('bare')), expected })).rejects.toThrow(
    /not 200 with Goodbye, but: 200 .*Hello/,
  );
});

describe('the edge with something left out or added', () => {
  /** What it has logged and counted once it has been asked for a while. */
  async function asked(name: string) {
    const entrant = entrantOf(name);
    const { requests } = await bed.generator.measure(task(entrant));
    const metrics = await request(`http://127.0.0.1:${entrant.opsPort}/metrics`).then(({ body }) => body.text());
    const lines = readFileSync(entrant.process.logFile, 'utf8').split('\n').length;
    return { requests, lines, counted: /_duration_seconds_count\{.*\} [1-9]/.test(metrics) };
  }

  it('logs and counts as it is', async () => {
    const { requests, lines, counted } = await asked('ours');
    expect(lines).toBeGreaterThan(requests);
    expect(counted).toBe(true);
  });

  it('does not log where it is silent', async () => {
    const { lines, counted } = await asked('ours-silent');
    expect(lines).toBe(1);
    expect(counted).toBe(true);
  });

  it('counts nothing where it has no metrics', async () => {
    const { requests, lines, counted } = await asked('ours-uncounted');
    expect(lines).toBeGreaterThan(requests);
    expect(counted).toBe(false);
  });

  it('sends spans of some requests where it traces', async () => {
    let lines = 0;
    // One in a hundred, by chance: of so many that none at all would be a wonder (0.99 ** 1000 is 4 in 100,000).
    while (lines < 1_000) {
      // oxlint-disable-next-line no-await-in-loop -- until there are enough
      await bed.generator.warmUp(task(entrantOf('ours-traced'), 500));
      // oxlint-disable-next-line no-await-in-loop -- as above
      ({ lines } = await asked('ours-traced'));
    }
    // They are sent every five seconds.
    await expect.poll(() => spans, { timeout: 15_000 }).toBeGreaterThan(0);
    // Three spans a request, of one request in a hundred.
    expect(spans).toBeLessThan(0.5 * lines);
  });
});

it.each(['tutorial', 'ours'])('measures refusals: the breaker of %s opens', async (name) => {
  const entrant = entrantOf(`${name} refusing`);
  await bed.generator.warmUp(task(entrant, 500));
  expect((await bed.generator.measure(task(entrant))).cpuUs).toBeGreaterThan(1);
});

it('measures latency in an open loop', async () => {
  const { process, expected } = entrantOf('bare');
  const open = { url: process.url, pid: process.pid, expected, ratePerS: 200, seconds: 0.3, seed: 1 };
  const { p50Ms, p99Ms, latenessP99Ms, cpuUs } = await bed.generator.latency(open);
  expect(p50Ms).toBeGreaterThan(0);
  expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
  expect(latenessP99Ms).toBeGreaterThanOrEqual(0);
  expect(cpuUs).toBeGreaterThan(1);
  expect(p99Ms).toBeLessThan(5_000);
});

describe('what the callers read', () => {
  const answer = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nJörg';
  it('is a whole answer or none', () => {
    const bytes = Buffer.from(answer);
    expect(read(bytes)).toEqual({ status: 503, body: 'Jörg' });
    for (let length = 0; length < bytes.length; length++) expect(read(bytes.subarray(0, length))).toBeUndefined();
  });
  it('must say how long it is', () => {
    expect(() => read(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))).toThrow(
      'without its length',
    );
  });
});

it('counts CPU as the kernel does', () => {
  const [own, all] = [cpuNsOf([process.pid]), busyNs()];
  const until = performance.now() + 100;
  while (performance.now() < until);
  expect(cpuNsOf([process.pid]) - own).toBeGreaterThan(10e6);
  expect(busyNs() - all).toBeGreaterThan(10e6);
});

describe('the open loop', () => {
  /** Answers after so many milliseconds, and counts connections. */
  async function slowServer(delayMs: number) {
    const server = createServer((_req, res) => {
      setTimeout(() => res.writeHead(200, { 'content-length': 5 }).end('Hello'), delayMs);
    });
    let connections = 0;
    server.on('connection', () => connections++);
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
  }
  const expected = { status: 200, text: 'Hello' };

  it('waits for nobody, and counts from when a request was due', async () => {
    const { url, connections } = await slowServer(100);
    const dueMs = Float64Array.from([0, 20, 40, 300]);
    const { waitedMs, latenessMs } = await openLoop({ url, dueMs, expected, patienceMs: 2_000 });
    for (const [index, waited] of waitedMs.entries()) {
      // Timers of Node may be a millisecond early.
      expect(waited).toBeGreaterThanOrEqual(99 + (latenessMs[index] as number));
      expect(waited).toBeLessThan(2_000);
    }
    // The first three at once; the last one finds a connection free.
    expect(connections()).toBe(3);
  });

  it('has whoever gets no right answer wait as long as its callers do', async () => {
    const patienceMs = 200;
    const dueMs = Float64Array.from([0, 10]);
    const { url } = await slowServer(1_000);
    expect([...(await openLoop({ url, dueMs, expected, patienceMs })).waitedMs]).toEqual([patienceMs, patienceMs]);
    const wrong = { url: (await slowServer(1)).url, dueMs, expected: { ...expected, text: 'Goodbye' }, patienceMs };
    expect([...(await openLoop(wrong)).waitedMs]).toEqual([patienceMs, patienceMs]);
    const nobody = { url: 'http://127.0.0.1:1', dueMs, expected, patienceMs };
    expect([...(await openLoop(nobody)).waitedMs]).toEqual([patienceMs, patienceMs]);
  });
});

it('counts a caller whose connection cannot be made as wrong', async () => {
  const loop = closedLoop('http://127.0.0.1:1', 1, { status: 200, text: '' });
  await expect.poll(() => loop.wrong).toBeGreaterThan(0);
  loop.stop();
  expect(loop.answered).toBe(0);
  expect(loop.example).toContain('ECONNREFUSED');
});
