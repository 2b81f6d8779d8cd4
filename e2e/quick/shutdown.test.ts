import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startScriptOf } from '@halfopen/runner';
import { Agent, Client, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { COMPILE_CACHE, spawnEdge, spawnGreeter } from '../harness/process.ts';
import { exchange, get, PATIENT, startEdge, startGreeter } from '../harness/system.ts';

interface Load {
  /** Requests that were begun but not answered with 200, and why. */
  readonly failed: string[];
  readonly answered: () => number;
  /** Requests that could not be begun: nobody listened any more. A load balancer sends those elsewhere. */
  readonly refused: () => number;
  readonly stop: () => Promise<void>;
}

/** Callers that keep asking, on connections that are kept. */
function load(url: string, callers: number): Load {
  const failed: string[] = [];
  let answered = 0;
  let refused = 0;
  let stopped = false;
  const ask = async () => {
    // One connection, and another one if it was closed.
    const connection = new Client(url);
    let isNew = true;
    while (!stopped) {
      try {
        const { statusCode, headers, body } = await connection.request({ method: 'GET', path: '/hello?name=John' });
        const text = await body.text();
        isNew = headers.connection === 'close';
        if (statusCode === 200 && text === '{"message":"Hello, John!"}') answered++;
        else failed.push(`${statusCode} ${text}`);
      } catch (error) {
        const { code = '' } = error as { code?: string };
        // The kernel makes connections that the process has not accepted yet, and resets them when the port closes.
        if (code === 'ECONNREFUSED' || (isNew && code === 'ECONNRESET')) {
          isNew = true;
          refused++;
          await new Promise((resolve) => setTimeout(resolve, 10));
        } else failed.push(code || String(error));
      }
    }
    await connection.destroy();
  };
  const all = Array.from({ length: callers }, ask);
  const stop = async () => {
    stopped = true;
    await Promise.all(all);
  };
  onTestFinished(stop);
  return { failed, answered: () => answered, refused: () => refused, stop };
}

/** A greeter whose channel and streams the test holds itself. It listens. */
async function forkGreeter(): Promise<ChildProcess> {
  const { main, nodeFlags } = startScriptOf('greeter');
  const greeter = fork(main, {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, GREETER_PORT: '0', GREETER_OPS_PORT: '0' },
    execArgv: [...nodeFlags],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  onTestFinished(() => {
    greeter.kill('SIGKILL');
  });
  await once(greeter, 'message');
  return greeter;
}

describe('SIGTERM under load: no request that was begun fails', () => {
  test('edge', async () => {
    const greeter = await spawnGreeter(PATIENT).listening;
    const edge = spawnEdge({ ...PATIENT, GREETER_URL: greeter.url });
    const { url } = await edge.listening;
    const callers = load(url, 50);
    await expect.poll(callers.answered).toBeGreaterThan(300);
    edge.signal('SIGTERM');
    expect(await edge.exited).toBe(0);
    await callers.stop();
    expect(callers.failed).toEqual([]);
    expect(callers.refused()).toBeGreaterThan(0);
  });

  test('greeter, while a second one takes over its port', async () => {
    const greeter = spawnGreeter(PATIENT);
    const { url: greeterUrl } = await greeter.listening;
    const edge = spawnEdge({ ...PATIENT, GREETER_URL: greeterUrl, GREETER_CALL_RETRY_BUDGET: '200' });
    const { url } = await edge.listening;
    const callers = load(url, 20);
    await expect.poll(callers.answered).toBeGreaterThan(300);
    greeter.signal('SIGTERM');
    await expect.poll(() => greeter.output()).toContain('stopping');
    const answeredBefore = callers.answered();
    const next = spawnGreeter({ ...PATIENT, GREETER_PORT: new URL(greeterUrl).port });
    await next.listening;
    expect(await greeter.exited).toBe(0);
    await expect.poll(callers.answered).toBeGreaterThan(answeredBefore + 300);
    await callers.stop();
    // While nobody listens, calls fail before they are sent. Calls that were sent must all have been answered.
    const lost = callers.failed.filter((failure) => !/"(unreachable|breaker_open|budget_exhausted)"/.test(failure));
    expect(lost).toEqual([]);
  });
});

test('with a drain time, callers who heed readyz lose nothing, not even on new connections', async () => {
  const DRAIN_MS = 1_000;
  const greeter = spawnGreeter({ DRAIN_MS: String(DRAIN_MS) });
  const { url, opsUrl } = await greeter.listening;
  let ready = true;
  const failed: { readonly begunAt: number; readonly error: unknown }[] = [];
  let answered = 0;
  const caller = async () => {
    while (ready) {
      const begunAt = performance.now();
      await get(`${url}/hello`).then(
        () => answered++,
        (error) => failed.push({ begunAt, error }),
      );
    }
  };
  const callers = Promise.all(Array.from({ length: 20 }, caller));
  await expect.poll(() => answered).toBeGreaterThan(200);
  const answeredBefore = answered;
  const toldAt = performance.now();
  greeter.signal('SIGTERM');
  await expect.poll(async () => (await get(`${opsUrl}/readyz`)).status, { interval: 20 }).toBe(503);
  ready = false;
  await callers;
  // On a busy machine callers may hear of it after the drain time has passed: those that began later have not heeded it.
  expect(failed.filter(({ begunAt }) => begunAt < toldAt + DRAIN_MS / 2)).toEqual([]);
  expect(answered).toBeGreaterThan(answeredBefore);
  expect(await greeter.exited).toBe(0);
});

describe('graceful shutdown', () => {
  /** In the greeter's metrics, once it has begun to work on the request with the fault. */
  const injected = 'faults_injected_total{fault="x-fault"} 1';

  test('readyz turns 503 while livez stays 200, the request in flight is answered, the port is closed', async () => {
    const greeter = spawnGreeter({ FAULTS: 'on' });
    const { url, opsUrl } = await greeter.listening;
    expect((await get(`${opsUrl}/readyz`)).status).toBe(200);
    const inFlight = get(`${url}/hello`, { 'x-fault': 'delay=1000' });
    await expect.poll(async () => (await get(`${opsUrl}/metrics`)).text).toContain(injected);
    greeter.signal('SIGTERM');
    await expect.poll(async () => (await get(`${opsUrl}/readyz`)).status).toBe(503);
    expect((await get(`${opsUrl}/livez`)).status).toBe(200);
    await expect(get(`${url}/hello`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await inFlight).json).toEqual({ message: 'Hello, World!' });
    expect(await greeter.exited).toBe(0);
  });

  test('a request that is cut off is logged as that, not as one whose caller has left', async () => {
    const greeter = await startGreeter({ FAULTS: 'on', ...PATIENT });
    const edge = await startEdge(greeter.url, { FAULTS: 'on', ...PATIENT });
    const inFlight = get(`${edge.url}/hello`, { 'x-request-id': 'cut-off', 'x-fault': 'hang' }).catch(
      (error: { code?: string }) => error.code,
    );
    await expect.poll(async () => (await get(`${edge.opsUrl}/downstreams`)).json.greeter.inFlight).toBe(1);
    await edge.service.close(100);
    expect(await inFlight).toBe('UND_ERR_SOCKET');
    expect(edge.log().filter(({ msg }) => msg === 'request')).toEqual([
      expect.objectContaining({
        level: 'warn',
        requestId: 'cut-off',
        outcome: 'internal',
        status: 500,
        detail: 'cut off: the service stopped before the answer was ready',
      }),
    ]);
    // To the greeter, whose caller the edge is, it is one that left.
    await expect
      .poll(() => greeter.log())
      .toContainEqual(expect.objectContaining({ requestId: 'cut-off', outcome: 'cancelled', fault: 'x-fault' }));
  });

  test('a second signal, a second later, stops at once; the same signal twice does not', async () => {
    const greeter = spawnGreeter({ FAULTS: 'on', GREETER_DEADLINE_MS: '20000' });
    const { url, opsUrl } = await greeter.listening;
    const inFlight = get(`${url}/hello`, { 'x-fault': 'hang' }).catch((error: { code?: string }) => error.code);
    await expect.poll(async () => (await get(`${opsUrl}/metrics`)).text).toContain(injected);
    greeter.signal('SIGTERM');
    greeter.signal('SIGTERM');
    // The second counts from when the first was heard.
    await expect.poll(() => greeter.output()).toContain('stopping');
    expect(await Promise.race([greeter.exited, sleep(1_200, 'still running')])).toBe('still running');
    greeter.signal('SIGTERM');
    expect(await greeter.exited).toBe(1);
    expect(await inFlight).toBe('UND_ERR_SOCKET');
  });

  test.each([
    ['nothing', ''],
    ['half a request', 'GET /hel'],
  ])('a connection on which %s was sent does not hold it up', async (_what, bytes) => {
    const greeter = spawnGreeter();
    const { url } = await greeter.listening;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    socket.write(bytes);
    await get(`${url}/hello`);
    const { answer: exitCode, ownMs } = await timed(() => {
      greeter.signal('SIGTERM');
      return greeter.exited;
    });
    expect(exitCode).toBe(0);
    expect(ownMs).toBeLessThan(2_000);
  });

  test('pipelined requests in flight are all answered', async () => {
    const greeter = spawnGreeter({ FAULTS: 'on' });
    const { url, opsUrl } = await greeter.listening;
    const answers = exchange(url, 'GET /hello HTTP/1.1\r\nhost: x\r\nx-fault: delay=600\r\n\r\n'.repeat(5));
    await expect.poll(async () => (await get(`${opsUrl}/metrics`)).text).toContain('fault="x-fault"} 5');
    greeter.signal('SIGTERM');
    expect((await answers).match(/Hello, World!/g)).toHaveLength(5);
    expect(await greeter.exited).toBe(0);
  });

  test('with idle connections open it ends within two seconds', async () => {
    const greeter = spawnGreeter();
    const { url } = await greeter.listening;
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    await (await request(`${url}/hello`, { dispatcher: agent })).body.dump();
    const { answer: exitCode, ownMs } = await timed(() => {
      greeter.signal('SIGTERM');
      return greeter.exited;
    });
    expect(exitCode).toBe(0);
    expect(ownMs).toBeLessThan(2_000);
  });

  test('when the process that started it goes, it stops', async () => {
    const greeter = await forkGreeter();
    greeter.disconnect();
    expect(await once(greeter, 'exit')).toEqual([0, null]);
  });
});

test('a service whose log nobody reads any more ends all the same', async () => {
  const greeter = await forkGreeter();
  greeter.stdout?.destroy();
  greeter.kill('SIGTERM');
  expect(await once(greeter, 'exit')).toEqual([0, null]);
});
