/** A greeter that moves while the edge process runs: its name resolves to another address. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@halfopen/runner';
import { describe, expect, onTestFinished, test } from 'vitest';
import { late, openLoop, warmUp } from '../harness/open-loop.ts';
import { spawnEdge } from '../harness/process.ts';
import { recoveryMs } from '../harness/recovery.ts';
import { get, PATIENT } from '../harness/system.ts';

const RATE = 200;
const DEADLINE_MS = 2_000;
const [OLD, NEW] = ['127.0.0.1', '127.0.0.2'];

/** Answers the edge's questions for names, as the test says. */
function nameServer(...first: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'addresses');
  const answers = (...addresses: string[]) => writeFileSync(file, addresses.join('\n'));
  answers(...first);
  const preload = new URL('../harness/names.ts', import.meta.url).href;
  return { answers, env: { NODE_OPTIONS: `--import=${preload}`, NAMES_FILE: file } };
}

type Behaviour = 'well' | 'silent';

/** A greeter that says on which address it was reached. */
async function greeterAt(host: string, port: number) {
  let behaviour: Behaviour = 'well';
  const server = createServer((_req, res) => {
    if (behaviour === 'well') res.writeHead(200, { 'content-type': 'application/json' }).end(`{"message":"${host}"}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(stop);
  return {
    stop,
    fallSilent: () => {
      behaviour = 'silent';
    },
  };
}

describe('the name of the greeter gets another address; the old one', () => {
  const MOVED_MS = 300;
  /** Names are looked up every two seconds. (The promise is five.) */
  const FOLLOWED_MS = 3_000;

  test.each(['answers as before', 'is silent', 'is gone'])('%s: followed within 3 s', async (old) => {
    const port = await freePort();
    const before = await greeterAt(OLD, port);
    await greeterAt(NEW, port);
    const names = nameServer(OLD);
    const edge = spawnEdge({
      GREETER_URL: `http://greeter.test:${port}`,
      LOG_LEVEL: 'warn',
      // Where nothing fails, no attempt is to fail because the machine is busy.
      ...(old === 'answers as before' ? PATIENT : {}),
      ...names.env,
    });
    const { url, opsUrl } = await edge.listening;
    await warmUp(url);
    let movedAt = 0;
    const seen = await openLoop(url, {
      rate: RATE,
      durationMs: MOVED_MS + FOLLOWED_MS + 500,
      onTick: (elapsedMs) => {
        if (elapsedMs < MOVED_MS || movedAt > 0) return;
        movedAt = elapsedMs;
        names.answers(NEW);
        if (old === 'is silent') before.fallSilent();
        if (old === 'is gone') before.stop();
      },
    });
    const followedMs = recoveryMs(seen, movedAt, ({ json }) => json.message !== NEW);
    expect(followedMs, 'followed after, ms').toBeLessThan(FOLLOWED_MS);
    expect(seen.filter(({ dueMs, tookMs, json }) => dueMs + tookMs < movedAt && json.message !== OLD)).toEqual([]);
    if (old === 'answers as before') expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    expect(late(seen, DEADLINE_MS)).toEqual([]);
    const { endpoints } = (await get(`${opsUrl}/downstreams`)).json.greeter;
    expect(endpoints).toMatchObject([{ url: `http://${NEW}:${port}`, breaker: 'closed', inFlight: 0 }]);
  });
});

describe('a name server that never answers', () => {
  test('stalls no call to the addresses that are known', async () => {
    const port = await freePort();
    await greeterAt(OLD, port);
    const names = nameServer(OLD);
    const edge = spawnEdge({
      GREETER_URL: `http://greeter.test:${port}`,
      LOG_LEVEL: 'warn',
      ...PATIENT,
      ...names.env,
    });
    const { url } = await edge.listening;
    // Without an address there would be nothing to keep.
    await warmUp(url);
    const healthy = await openLoop(url, { rate: RATE, durationMs: 1_000 });
    const healthyMs = Math.max(...healthy.map(({ tookMs }) => tookMs));
    names.answers('silence');
    const seen = await openLoop(url, { rate: RATE, durationMs: 3_000 });
    expect(seen.filter(({ status, json }) => status !== 200 || json.message !== OLD)).toEqual([]);
    // Nothing of an answer may be waiting for the name server.
    expect(late(seen, healthyMs + 150)).toEqual([]);
  });

  test('not even at the start: a problem by the deadline', async () => {
    const names = nameServer('silence');
    const edge = spawnEdge({ GREETER_URL: 'http://greeter.test:5000', EDGE_DEADLINE_MS: '500', ...names.env });
    const seen = await openLoop((await edge.listening).url, { rate: 50, durationMs: 500 });
    expect(new Set(seen.map(({ status, code }) => `${status} ${code}`))).toEqual(new Set(['504 deadline_exceeded']));
    expect(late(seen, 500)).toEqual([]);
  });
});
