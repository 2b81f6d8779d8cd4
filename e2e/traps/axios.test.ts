/** Traps of axios 1.x with its http adapter. In each test the naive call falls in, on real sockets; then ours does not. */
import { Writable } from 'node:stream';
import { attemptTimeout, systemClock } from '@halfopen/client';
import axios, { type AxiosError } from 'axios';
import pino from 'pino';
import { expect, test, vi } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { standIn, startEdge } from '../harness/system.ts';
import { shopAt } from './shop.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** The most an attempt may take here. */
const TIMEOUT_MS = 300;
const limited = attemptTimeout({ timeoutMs: TIMEOUT_MS, clock: systemClock });

test('`timeout` measures idleness: a drip may take four times as long (axios #459)', async () => {
  const { url } = await standIn((_req, res) => {
    res.writeHead(200, JSON_TYPE);
    const drip = setInterval(() => res.write(' '), 50);
    setTimeout(() => {
      clearInterval(drip);
      res.end('{"ok":true}');
    }, 4 * TIMEOUT_MS);
  });
  const startedAt = performance.now();
  const naive = await axios.get(url, { timeout: TIMEOUT_MS });
  const naiveMs = performance.now() - startedAt;
  expect(naive.status).toBe(200);
  expect(naiveMs).toBeGreaterThan(3 * TIMEOUT_MS);

  const { ownMs } = await timed(() =>
    expect(shopAt(url, limited).find({})).rejects.toMatchObject({ code: 'attempt_timeout' }),
  );
  expect(ownMs).toBeLessThan(2 * TIMEOUT_MS);
});

test('no `timeout` by default: silence is waited for without end', async () => {
  const { url } = await standIn(() => undefined);
  const caller = new AbortController();
  let naive = 'still waiting';
  const ended = axios.get(url, { signal: caller.signal }).catch(() => {
    naive = 'ended';
  });

  const edge = await startEdge(url);
  const answer = await fetch(`${edge.url}/hello`);
  expect(naive).toBe('still waiting');
  expect(answer.status).toBe(504);
  caller.abort();
  await ended;
});

test('a body that stalls is called a bad response, not a timeout (axios #459)', async () => {
  const { url } = await standIn((_req, res) => {
    res.writeHead(200, JSON_TYPE).write('{"ok":');
  });
  await expect(axios.get(url, { timeout: TIMEOUT_MS })).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });

  await expect(shopAt(url, limited).find({})).rejects.toMatchObject({ code: 'attempt_timeout' });
});

test.each([
  ['announced', true],
  ['not announced', false],
])('a body of any size is read: 5 MB, %s', async (_what, announced) => {
  // Otherwise without fault: what the contract says, and spaces.
  const body = `{"ok":true}${' '.repeat(5_000_000)}`;
  const { url } = await standIn((_req, res) => {
    res.writeHead(200, announced ? { ...JSON_TYPE, 'content-length': body.length } : JSON_TYPE);
    res.write(body.slice(0, 100));
    res.end(body.slice(100));
  });
  const naive = await axios.get<unknown>(url);
  expect(naive.data).toEqual({ ok: true });

  await expect(shopAt(url).find({})).rejects.toMatchObject({ code: 'bad_response' });
});

test('malformed JSON passes as text, with status 200', async () => {
  const { url } = await standIn((_req, res) => res.writeHead(200, JSON_TYPE).end('{"ok":tru'));
  const naive = await axios.get<unknown>(url);
  expect([naive.status, naive.data]).toEqual([200, '{"ok":tru']);

  await expect(shopAt(url).find({})).rejects.toMatchObject({ code: 'bad_response' });
});

test.each([
  ['500', 'remote_error', 500],
  ['a lost connection', 'connection_lost', undefined],
] as const)('the error of %s carries secrets into the log (axios #2648, #4246)', async (_what, code, status) => {
  const { url } = await standIn((_req, res) => {
    if (status === undefined) res.socket?.destroy();
    else res.writeHead(status, { 'set-cookie': 'session=s3cret' }).end('s3cret');
  });
  const headers = { authorization: 'Bearer s3cret' };
  const naive: unknown = await axios.get(url, { headers }).catch((error: AxiosError) => error);
  expect(logged(naive)).toContain('Bearer s3cret');

  const ours: unknown = await shopAt(url)
    .find({}, { headers })
    .catch((error: unknown) => error);
  expect(logged(ours)).toContain(`"code":"${code}"`);
  expect(logged(ours)).not.toContain('s3cret');
});

/** The line that pino writes with its usual settings. */
function logged(error: unknown): string {
  let line = '';
  const log = pino(
    new Writable({
      write(chunk, _encoding, done) {
        line += chunk;
        done();
      },
    }),
  );
  log.error(error);
  return line;
}

test('a redirect turns a POST into a GET and takes the API key to another host (axios #2460, #10711)', async () => {
  const seen: [string | undefined, unknown][] = [];
  const elsewhere = await standIn((req, res) => {
    seen.push([req.method, req.headers['x-api-key']]);
    res.writeHead(200, JSON_TYPE).end('{"ok":true}');
  });
  const { url } = await standIn((_req, res) => res.writeHead(302, { location: elsewhere.url }).end());
  const headers = { 'x-api-key': 's3cret' };
  await axios.post(url, undefined, { headers });
  expect(seen).toEqual([['GET', 's3cret']]);

  await expect(shopAt(url).order({}, { headers })).rejects.toMatchObject({ code: 'bad_response', status: 302 });
  expect(seen).toHaveLength(1);
});

test('a proxy of the environment gets every request, token included', async () => {
  const { url } = await standIn((_req, res) => res.writeHead(200, JSON_TYPE).end('{"ok":true}'));
  const tokens: unknown[] = [];
  const proxy = await standIn((req, res) => {
    tokens.push(req.headers.authorization);
    res.writeHead(200, JSON_TYPE).end('{"ok":false}');
  });
  vi.stubEnv('http_proxy', proxy.url).stubEnv('no_proxy', '').stubEnv('NO_PROXY', '');
  try {
    const headers = { authorization: 'Bearer s3cret' };
    const naive = await axios.get<unknown>(url, { headers });
    expect([naive.data, tokens]).toEqual([{ ok: false }, ['Bearer s3cret']]);

    await expect(shopAt(url).find({}, { headers })).resolves.toEqual({ ok: true });
    expect(tokens).toHaveLength(1);
  } finally {
    vi.unstubAllEnvs();
  }
});
