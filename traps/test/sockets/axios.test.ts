/** Traps of axios 1.x with its http adapter. Each test shows the naive call fall in, over real sockets; then ours does not. */
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { attemptTimeout } from '@halfopen/client';
import { virtualTime } from '@halfopen/testing';
import axios, { type AxiosError } from 'axios';
import pino from 'pino';
import { expect, test, vi } from 'vitest';
import { JSON_TYPE, OK, withEdge } from '../../src/stage/on-sockets.ts';
import { shopAt, standIn } from './shop-at.ts';

/** Long, so that a busy machine does not add an idle second of its own. */
const TIMEOUT_MS = 1_000;

/** Sends a body bit by bit until the caller has gone, or for half as long again as the timeout. */
function drip(res: ServerResponse, onDrop: () => void = () => undefined): void {
  res.writeHead(200, JSON_TYPE);
  const drops = setInterval(() => {
    res.write(' ');
    onDrop();
  }, 10);
  const end = setTimeout(() => res.end(OK), 1.5 * TIMEOUT_MS);
  res.once('close', () => {
    clearInterval(drops);
    clearTimeout(end);
  });
}

test('`timeout` limits idleness, not the request: a slow drip is an answer (axios #459)', async () => {
  const { url } = await standIn((_req, res) => drip(res));
  const naive = await axios.get<unknown>(url, { timeout: TIMEOUT_MS });
  expect([naive.status, naive.data]).toEqual([200, { ok: true }]);
  // The fetch adapter gives the same option another meaning.
  await expect(axios.get(url, { timeout: TIMEOUT_MS, adapter: 'fetch' })).rejects.toMatchObject({ code: 'ETIMEDOUT' });

  const time = virtualTime();
  const limited = attemptTimeout({ timeoutMs: TIMEOUT_MS, clock: time.clock });
  const slow = await standIn((_req, res) => drip(res, () => void time.advance(TIMEOUT_MS / 5)));
  await expect(shopAt(slow.url, limited, time.clock).find({})).rejects.toMatchObject({ code: 'attempt_timeout' });
});

test('no `timeout` by default: axios waits for a silent server for ever', async () => {
  const { url } = await standIn(() => undefined);
  const caller = new AbortController();
  let naive = 'still waiting';
  const ended = axios.get(url, { signal: caller.signal }).catch(() => {
    naive = 'ended';
  });

  const answer = await withEdge(url, (edge) => fetch(`${edge}/hello`));
  expect(naive).toBe('still waiting');
  expect(answer.status).toBe(504);
  caller.abort();
  await ended;
});

test('a body that stalls is reported as a bad response, not as a timeout (axios #459)', async () => {
  const time = virtualTime();
  const { url } = await standIn((_req, res) => {
    res.writeHead(200, JSON_TYPE).write('{"ok":', () => void time.advance(TIMEOUT_MS));
  });
  await expect(axios.get(url, { timeout: TIMEOUT_MS })).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });

  const limited = attemptTimeout({ timeoutMs: TIMEOUT_MS, clock: time.clock });
  await expect(shopAt(url, limited, time.clock).find({})).rejects.toMatchObject({ code: 'attempt_timeout' });
});

test.each([
  ['announced', true],
  ['not announced', false],
])('axios reads a body of any size: 5 MB, %s', async (_what, announced) => {
  // Only its size is wrong: what the contract asks for, then spaces.
  const body = `${OK}${' '.repeat(5_000_000)}`;
  const { url } = await standIn((_req, res) => {
    res.writeHead(200, announced ? { ...JSON_TYPE, 'content-length': body.length } : JSON_TYPE);
    res.write(body.slice(0, 100));
    res.end(body.slice(100));
  });
  const naive = await axios.get<unknown>(url);
  expect(naive.data).toEqual({ ok: true });

  await expect(shopAt(url).find({})).rejects.toMatchObject({ code: 'bad_response' });
});

test('axios returns malformed JSON as text, with status 200', async () => {
  const { url } = await standIn((_req, res) => res.writeHead(200, JSON_TYPE).end('{"ok":tru'));
  const naive = await axios.get<unknown>(url);
  expect([naive.status, naive.data]).toEqual([200, '{"ok":tru']);

  await expect(shopAt(url).find({})).rejects.toMatchObject({ code: 'bad_response' });
});

test.each([
  ['500', 'remote_error', 500],
  ['a lost connection', 'connection_lost', undefined],
] as const)('the error for %s takes secrets into the log (axios #2648, #4246)', async (_what, code, status) => {
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

/** The line that pino writes with its default settings. */
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

test('a redirect turns a POST into a GET and sends the API key to another host (axios #2460, #10711)', async () => {
  const seen: [string | undefined, unknown][] = [];
  const elsewhere = await standIn((req, res) => {
    seen.push([req.method, req.headers['x-api-key']]);
    res.writeHead(200, JSON_TYPE).end(OK);
  });
  const { url } = await standIn((_req, res) => res.writeHead(302, { location: elsewhere.url }).end());
  const headers = { 'x-api-key': 's3cret' };
  await axios.post(url, undefined, { headers });
  expect(seen).toEqual([['GET', 's3cret']]);

  await expect(shopAt(url).order({}, { headers })).rejects.toMatchObject({ code: 'bad_response', status: 302 });
  expect(seen).toHaveLength(1);
});

test('a proxy from the environment gets every request, token included', async () => {
  const { url } = await standIn((_req, res) => res.writeHead(200, JSON_TYPE).end(OK));
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
