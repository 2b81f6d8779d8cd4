/** What a service is asked before it gets any load, over real sockets of this machine. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { z } from 'zod';
import { experimentForm } from '../src/experiment/format.ts';
import { askOnce } from '../src/load/ask-once.ts';

type Mix = z.input<typeof experimentForm.shape.load>['mix'];

async function serve(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Twenty requests a second for four seconds: the numbers 0 to 79. */
const ask = (url: string, mix: Mix, timeoutMs = 5_000) =>
  askOnce(
    url,
    experimentForm.shape.load.parse({
      ratePerS: 20,
      arrivals: 'constant',
      warmUpS: 1,
      beforeS: 1,
      duringS: 1,
      afterS: 1,
      timeoutMs,
      mix,
    }),
    1,
  );

test('every request of the mix is sent once, below the path of the URL, with numbers that no arrival has', async () => {
  const seen: string[] = [];
  const url = await serve((req, res) => {
    seen.push(`${req.method} ${req.url} ${String(req.headers['x-request-id'])}`);
    res.end('{"id":80,"more":true}');
  });
  const mix: Mix = [
    { path: '/orders/{n}', expect: { jsonIncludes: { id: 80 } } },
    { method: 'POST', path: '/orders', body: { json: { n: '{n}' } } },
  ];
  expect(await ask(`${url}/api`, mix)).toBeUndefined();
  expect(seen).toEqual(['GET /api/orders/80 lab-1-80', 'POST /api/orders lab-1-81']);
});

test('what was expected, and what came: on one line, cut, and without control characters', async () => {
  const url = await serve((_, res) => {
    res.setHeader('content-type', 'text/html').end(`<html>\n  \u001b[2J${'ü'.repeat(500)}`);
  });
  expect(await ask(url, [{ path: '/orders/{n}', expect: { json: { id: '{n}' } } }])).toBe(
    `GET ${url}/orders/80: expected status 200 and the JSON {"id":"80"}; got status 200, text/html, <html> \uFFFD[2J${'ü'.repeat(94)}…`,
  );
});

test.each([
  [{ status: 201 }, 'status 201'],
  [{ jsonIncludes: { id: 1 } }, 'status 200 and JSON that includes {"id":1}'],
  [{ text: 'pong {n}' }, 'status 200 and the text "pong 80"'],
])('the expectation in words: %o', async (expected, words) => {
  const url = await serve((_, res) => {
    res.writeHead(404).end();
  });
  expect(await ask(url, [{ path: '/', expect: expected }])).toBe(
    `GET ${url}/: expected ${words}; got status 404, no content-type, an empty body`,
  );
});

test('the first that is not as expected is the last that is sent', async () => {
  let asked = 0;
  const url = await serve((_, res) => {
    asked++;
    res.writeHead(500).end('no');
  });
  expect(await ask(url, [{ path: '/a' }, { path: '/b' }])).toContain('/a: expected status 200; got status 500');
  expect(asked).toBe(1);
});

test('a secret that the answer repeats is not shown', async () => {
  process.env.ASK_ONCE_TOKEN = 'hunter2';
  onTestFinished(() => void delete process.env.ASK_ONCE_TOKEN);
  const url = await serve((req, res) => {
    res.end(`you are ${req.headers.authorization}`);
  });
  const headers = { authorization: 'Bearer {env:ASK_ONCE_TOKEN}' };
  expect(await ask(url, [{ path: '/', headers, expect: { text: 'me' } }])).toContain('you are Bearer ***');
});

test('nobody listens', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  expect(await ask(url, [{ path: '/orders/{n}' }])).toBe(
    `GET ${url}/orders/80: no answer, ECONNREFUSED (nobody listens there)`,
  );
});

test('nobody answers', async () => {
  const url = await serve(() => undefined);
  expect(await ask(url, [{ path: '/' }], 50)).toBe(`GET ${url}/: no answer within 50 ms`);
});
