/** The edge process stands still while a healthy downstream answers it: nobody's failure, and nobody else's fault. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startScriptOf } from '@halfopen/runner';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ServiceProcess, spawnScript } from '../harness/process.ts';
import { get, standIn } from '../harness/system.ts';

const CALLS = 60;
/** Longer than the attempt timeout (500 ms), and short enough for a second attempt before the deadline (2,000 ms). */
const STALL_MS = 800;
/** So long that the answers arrive during the stall. */
const ANSWER_MS = 200;

interface StallableEdge {
  readonly process: ServiceProcess;
  readonly block: (kind: 'timer' | 'socket') => void;
}

/** An edge process that can be told to block its event loop. */
function spawnStallableEdge(greeterUrl: string): StallableEdge {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-stall-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'block');
  const { main, nodeFlags } = startScriptOf('edge');
  const preload = fileURLToPath(new URL('../harness/block-event-loop.ts', import.meta.url));
  const env = { EDGE_PORT: '0', EDGE_OPS_PORT: '0', GREETER_URL: greeterUrl, LOG_LEVEL: 'warn', BLOCK_SOCKET: path };
  const edge = spawnScript(main, env, [...nodeFlags, '--import', preload]);
  return { process: edge, block: (kind) => connect(path).end(`${kind} ${STALL_MS}`) };
}

/** A stallable edge in front of a healthy greeter that takes its time. */
async function system() {
  let requests = 0;
  const greeter = await standIn((req, res) => {
    requests++;
    setTimeout(() => {
      res
        .writeHead(200, { 'content-type': 'application/json', 'x-request-id': String(req.headers['x-request-id']) })
        .end('{"message":"Hi"}');
    }, ANSWER_MS);
  });
  const edge = spawnStallableEdge(greeter.url);
  const { url, opsUrl } = await edge.process.listening;
  const hello = async (headers: Record<string, string>) => {
    const { status, json } = await get(`${url}/hello`, headers);
    return status === 200 ? '200' : `${status} ${json.code}`;
  };
  return {
    edge,
    hellos: (count: number, headers: Record<string, string> = {}) =>
      Promise.all(Array.from({ length: count }, () => hello(headers))),
    status: async () => (await get(`${opsUrl}/downstreams`)).json.greeter,
    requests: () => requests,
    forget: () => {
      requests = 0;
    },
  };
}

const STALLS: [string, (edge: StallableEdge) => Promise<void>][] = [
  [
    'is stopped (SIGSTOP)',
    async ({ process }) => {
      process.signal('SIGSTOP');
      await sleep(STALL_MS);
      process.signal('SIGCONT');
    },
  ],
  ['blocks in the callback of a socket', async ({ block }) => block('socket')],
  ['blocks in the callback of a timer', async ({ block }) => block('timer')],
];

describe.each(STALLS)('an edge that %s for 0.8 s', (_what, stall) => {
  test.each([
    ['long in use, all calls are under way', 200, CALLS],
    ['hardly used before, all calls are under way', 20, CALLS],
    ['hardly used before, most calls are still to be sent', 20, 1],
  ])('%s: every call is answered, the breaker stays closed, the budget is whole', async (_when, before, underWay) => {
    const { edge, hellos, status, requests, forget } = await system();
    for (let n = 0; n < before; n += 20) await hellos(20);
    const { retryBudgetRemaining } = await status();
    forget();
    const calls = hellos(CALLS);
    await expect.poll(requests, { interval: 1 }).toBeGreaterThanOrEqual(underWay);
    await stall(edge);

    expect(await calls).toEqual(Array(CALLS).fill('200'));
    // Answers that arrived during the stall are read before anybody is timed out, so nothing is asked twice.
    if (underWay === CALLS) expect(requests()).toBe(CALLS);
    expect(await status()).toMatchObject({ breaker: 'closed', inFlight: 0 });
    expect((await status()).retryBudgetRemaining).toBeGreaterThanOrEqual(retryBudgetRemaining);
    expect(await hellos(20)).toEqual(Array(20).fill('200'));
    expect(edge.process.output()).not.toContain('breaker changed state');
  });

  test('callers whose deadline passes meanwhile get a 504, and open no breaker for the others', async () => {
    const { edge, hellos, status, requests, forget } = await system();
    await hellos(20);
    const { retryBudgetRemaining } = await status();
    forget();
    const calls = hellos(CALLS, { 'x-deadline-ms': String(STALL_MS - 200) });
    await expect.poll(requests, { interval: 1 }).toBeGreaterThanOrEqual(1);
    await stall(edge);
    // Those that were sent during the stall have their whole time after it.
    expect(new Set([...(await calls), '200', '504 deadline_exceeded'])).toEqual(
      new Set(['200', '504 deadline_exceeded']),
    );
    expect(await hellos(20)).toEqual(Array(20).fill('200'));
    expect((await status()).retryBudgetRemaining).toBeGreaterThanOrEqual(retryBudgetRemaining);
    expect(edge.process.output()).not.toContain('breaker changed state');
  });
});
