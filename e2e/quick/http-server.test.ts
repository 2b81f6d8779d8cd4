import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { createHttpServer } from '@halfopen/service-kit/http';
import { startProxyServer } from '@halfopen/wire/app';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendAll } from '../harness/send-all.ts';
import { exchange, get, standIn, startEdge, startGreeter, startSystem } from '../harness/system.ts';

/** The head of an answer, and what comes after it. */
function parsed(answer: string) {
  const end = answer.indexOf('\r\n\r\n');
  return { head: answer.slice(0, end).toLowerCase(), body: answer.slice(end + 4) };
}

describe('conditions (RFC 9110 §13)', () => {
  const TAG = /^"[\w-]{22}"$/;

  test.each<[string, (etag: string) => Record<string, string>, number]>([
    ['its tag', (etag) => ({ 'if-none-match': etag }), 304],
    ['its tag among others', (etag) => ({ 'if-none-match': `"x, y", W/"z" ,${etag}` }), 304],
    ['its tag, weak', (etag) => ({ 'if-none-match': `W/${etag}` }), 304],
    ['any', () => ({ 'if-none-match': '*' }), 304],
    ['another tag', () => ({ 'if-none-match': '"x"' }), 200],
    ['its tag, with empty elements', (etag) => ({ 'if-none-match': ` ,, ${etag} ,` }), 304],
    ['no list: a tag behind a broken one', (etag) => ({ 'if-none-match': `"x" y, ${etag}` }), 200],
    ['no list: `*` beside a tag', (etag) => ({ 'if-none-match': `*, ${etag}` }), 200],
    ['no list: a weak tag in lower case', (etag) => ({ 'if-none-match': `w/${etag}` }), 200],
    ['must match a list that is none', (etag) => ({ 'if-match': `*, ${etag}` }), 412],
    ['an empty list must match', () => ({ 'if-match': '' }), 412],
    [
      'its tag counts, a date beside it does not',
      (etag) => ({ 'if-none-match': etag, 'if-modified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' }),
      304,
    ],
    [
      'another tag counts, a date beside it does not',
      () => ({ 'if-none-match': '"x"', 'if-modified-since': 'Sat, 01 Jan 2050 00:00:00 GMT' }),
      200,
    ],
    ['ranges are not supported: the whole', (etag) => ({ range: 'bytes=0-3', 'if-range': etag }), 200],
    ['no tag at all', (etag) => ({ 'if-none-match': etag.slice(1, -1) }), 200],
    ['its tag must match', (etag) => ({ 'if-match': etag }), 200],
    ['its tag among others must match', (etag) => ({ 'if-match': `"x", ${etag}` }), 200],
    ['any must match', () => ({ 'if-match': '*' }), 200],
    ['another must match', () => ({ 'if-match': '"x"' }), 412],
    ['its tag must match, weak', (etag) => ({ 'if-match': `W/${etag}` }), 412],
    ['first If-Match, then If-None-Match', (etag) => ({ 'if-match': etag, 'if-none-match': etag }), 304],
    ['a failed If-Match comes first', (etag) => ({ 'if-match': '"x"', 'if-none-match': etag }), 412],
    ['dates are ignored: there are none here', () => ({ 'if-modified-since': 'Sat, 01 Jan 2050 00:00:00 GMT' }), 200],
  ])('%s', async (_what, conditions, status) => {
    const { url } = await startGreeter();
    const plain = await get(`${url}/hello?name=John`);
    const etag = String(plain.headers.etag);
    expect(etag).toMatch(TAG);
    for (const method of ['GET', 'HEAD']) {
      const answer = await get(`${url}/hello?name=John`, conditions(etag), method);
      expect(answer.status, method).toBe(status);
      if (status === 304) {
        expect(answer.text).toBe('');
        expect(answer.headers).toMatchObject({ etag, 'cache-control': plain.headers['cache-control'] });
        expect(answer.headers.date).toBeDefined();
        expect(answer.headers['content-type']).toBeUndefined();
      }
      if (status === 412 && method === 'GET') expect(answer.json).toMatchObject({ status: 412, code: 'bad_request' });
    }
  });

  test('a connection goes on after a 304', async () => {
    const { url } = await startGreeter();
    const answers = await exchange(
      url,
      'GET /hello HTTP/1.1\r\nhost: x\r\nif-none-match: *\r\n\r\nGET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 304', 'HTTP/1.1 200']);
  });

  test('an answer that is not 2xx has no conditions', async () => {
    const { url } = await startGreeter();
    expect((await get(`${url}/hello?name=`, { 'if-match': '"x"' })).status).toBe(400);
    expect((await get(`${url}/nothing`, { 'if-match': '"x"' })).status).toBe(404);
    const { edge } = await startSystem({ DRAIN_MS: '5000' });
    void edge.service.close();
    const notReady = async (headers: Record<string, string>) => (await get(`${edge.opsUrl}/readyz`, headers)).status;
    await expect.poll(() => notReady({})).toBe(503);
    for (const conditions of [{ 'if-match': '"x"' }, { 'if-none-match': '*' }]) {
      expect(await notReady(conditions as Record<string, string>)).toBe(503);
    }
  });

  test('what has no entity tag matches `*` alone; a method whose condition fails is not performed', async () => {
    const { edge, greeter } = await startSystem();
    for (const url of [`${edge.url}/hello`, `${edge.url}/openapi.json`, `${edge.url}/docs`, `${edge.opsUrl}/livez`]) {
      const statusOf = async (headers: Record<string, string>) => (await get(url, headers)).status;
      expect(await statusOf({ 'if-match': '"x"' }), url).toBe(412);
      expect(await statusOf({ 'if-match': '*' }), url).toBe(200);
      expect(await statusOf({ 'if-none-match': '*' }), url).toBe(304);
      expect(await statusOf({ 'if-none-match': '"x"' }), url).toBe(200);
    }
    const put = await fetch(`${greeter.opsUrl}/faults`, {
      method: 'PUT',
      headers: { 'if-match': '"x"' },
      body: '{"faults":[{"id":"down","status":503}]}',
    });
    expect(put.status).toBe(412);
    expect((await get(`${greeter.opsUrl}/faults`)).json.faults).toEqual([]);
  });
});

describe('targets and methods', () => {
  test.each([
    '/%68ello?name=John',
    '/hell%6F?name=John',
    '/%68%65%6c%6C%6f?n%61me=J%6fhn',
    'http://localhost/%68ello?name=John',
  ])('%s is /hello?name=John', async (target) => {
    const { edge, greeter } = await startSystem();
    for (const { url, log } of [edge, greeter]) {
      const { head, body } = parsed(
        await exchange(url, `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
      );
      expect(head).toMatch(/^http\/1\.1 200 /);
      expect(JSON.parse(body)).toEqual({ message: 'Hello, John!' });
      expect(log().filter(({ msg }) => msg === 'request')[0]).toMatchObject({ route: '/hello' });
    }
  });

  test('the ops port reads targets in the same way', async () => {
    const { greeter } = await startSystem();
    expect((await get(`${greeter.opsUrl}/live%7A`)).json).toEqual({ status: 'alive' });
    expect((await get(`${greeter.opsUrl}/%66aults`)).json).toMatchObject({ faults: [] });
  });

  test.each(['/%2568ello', '/hello%2f', '/%2Fhello', '/hello%00', '/hello%'])('%s is another path', async (path) => {
    const { url } = await startGreeter();
    const { head } = parsed(await exchange(url, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`));
    expect(head).toMatch(/^http\/1\.1 404 /);
  });

  test('OPTIONS says what is allowed, of a path and of the server as a whole', async () => {
    const { edge, greeter } = await startSystem();
    const allowed: [string, string][] = [
      [`${edge.url}/hello`, 'GET, HEAD, OPTIONS'],
      [`${edge.url}/docs`, 'GET, HEAD, OPTIONS'],
      [`${edge.opsUrl}/downstreams`, 'GET, HEAD, OPTIONS'],
      [`${greeter.opsUrl}/faults`, 'GET, PUT, DELETE, HEAD, OPTIONS'],
    ];
    for (const [url, allow] of allowed) {
      const answer = await get(url, {}, 'OPTIONS');
      expect([answer.status, answer.text, answer.headers.allow], url).toEqual([204, '', allow]);
    }
    expect((await get(`${edge.url}/nothing`, {}, 'OPTIONS')).status).toBe(404);
    const whole = parsed(await exchange(edge.url, 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
    expect(whole.head).toMatch(/^http\/1\.1 204 /);
    expect(whole.head).toContain('allow: get, head, options');
  });

  test('HEAD is GET without the body', async () => {
    const { edge, greeter } = await startSystem();
    for (const url of [`${edge.url}/hello`, `${greeter.url}/hello`, `${edge.url}/docs`, `${edge.opsUrl}/metrics`]) {
      const [asked, whole] = [await get(url, {}, 'HEAD'), await get(url)];
      expect([asked.status, asked.text], url).toEqual([200, '']);
      expect(Object.keys(asked.headers).toSorted()).toEqual(Object.keys(whole.headers).toSorted());
      expect(asked.headers['content-type']).toBe(whole.headers['content-type']);
    }
  });
});

describe('the last answer of a connection reaches a caller that still sends (RFC 9112 §9.6)', () => {
  test.each([
    ['that closes', 'POST /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n', 405],
    ['of HTTP/1.0', 'POST /hello HTTP/1.0\r\n', 405],
    ['without Host', 'POST /hello HTTP/1.1\r\n', 400],
    ['with a bad deadline', 'POST /hello HTTP/1.1\r\nhost: x\r\nx-deadline-ms: soon\r\nconnection: close\r\n', 400],
    ['that is answered 200', 'GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n', 200],
  ])('a request %s', async (_what, head, status) => {
    const { url } = await startGreeter();
    for (let n = 0; n < 3; n++) expect(await sendAll(url, head)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('a server that is about to stop', async () => {
    const greeter = await startGreeter({ DRAIN_MS: '5000' });
    void greeter.service.close();
    await expect.poll(async () => (await get(`${greeter.opsUrl}/readyz`)).status).toBe(503);
    const answer = await sendAll(greeter.url, 'POST /hello HTTP/1.1\r\nhost: x\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('what comes after the last answer is not answered', async () => {
    const { url, log } = await startGreeter();
    const answers = await exchange(
      url,
      'GET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\nGET /hello?name=late HTTP/1.1\r\nhost: x\r\n\r\n',
    );
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(log().filter(({ msg }) => msg === 'request')).toHaveLength(1);
  });
});

describe('Expect: 100-continue (RFC 9110 §10.1.1)', () => {
  const EXPECT = 'host: x\r\nexpect: 100-continue\r\ncontent-length: 26\r\n';
  const PLAN = '{"faults":[],"seed":1    }';

  test.each([
    ['a method that is not allowed', 'POST /hello HTTP/1.1\r\n', 405],
    ['a path that does not exist', 'POST /nothing HTTP/1.1\r\n', 404],
    ['a bad deadline', 'POST /hello HTTP/1.1\r\nx-deadline-ms: soon\r\n', 400],
    ['what needs no body', 'GET /hello HTTP/1.1\r\n', 200],
  ])('%s is answered without asking for the body, and the connection closes', async (_what, line, status) => {
    const { url } = await startGreeter();
    const answer = await exchange(url, `${line}${EXPECT}\r\n`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('a body that is too large is refused unread', async () => {
    const { opsUrl } = await startGreeter({ FAULTS: 'on' });
    const wire = await startProxyServer({ listen: '127.0.0.1:0' });
    onTestFinished(() => wire.stop());
    for (const line of [`${opsUrl} PUT /faults`, `${wire.url} POST /proxies`]) {
      const [url = '', ...request] = line.split(' ');
      const head = `${request.join(' ')} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 20000000\r\n\r\n`;
      expect((await exchange(url, head)).match(/HTTP\/1\.1 \d+/g), line).toEqual(['HTTP/1.1 413']);
    }
  });

  test('a body that is needed is asked for, and the connection goes on', async () => {
    const { opsUrl } = await startGreeter({ FAULTS: 'on' });
    const { hostname, port } = new URL(opsUrl);
    const socket = connect(Number(port), hostname, () => socket.write(`PUT /faults HTTP/1.1\r\n${EXPECT}\r\n`));
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    await expect.poll(() => text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(`${PLAN}GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    await once(socket, 'end');
    socket.destroy();
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200', 'HTTP/1.1 200']);
  });

  test.each<[string, (req: IncomingMessage) => Promise<unknown>]>([
    ['`for await`', (req) => req.toArray()],
    ['`data`', (req) => new Promise((resolve) => req.on('data', resolve))],
    ['a pipe', (req) => new Promise((resolve) => req.pipe(new PassThrough()).once('data', resolve))],
  ])('a body that is read with %s is asked for', async (_how, read) => {
    const server = createHttpServer(
      (req, res) => void read(req).then(() => res.end()),
      () => undefined,
    );
    const { url } = await server.listen('127.0.0.1', 0);
    onTestFinished(() => server.close(0, 0).then(() => undefined));
    expect(
      (await exchange(url, `PUT / HTTP/1.1\r\nconnection: close\r\n${EXPECT}\r\n${PLAN}`)).match(/HTTP\/1\.1 \d+/g),
    ).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
  });

  test('a caller that sends the body without waiting gets the refusal', async () => {
    const { url } = await startGreeter();
    expect(await sendAll(url, 'POST /hello HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n')).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });
});

test('a body that does not come is answered 408, whatever the handler waits for', async () => {
  const refused: number[] = [];
  const answers: boolean[] = [];
  const server = createHttpServer(
    (req, res) => {
      req.resume().once('close', () => answers.push(res.headersSent));
    },
    (_problem, status) => refused.push(status),
    { requestTimeout: 200, headersTimeout: 200, connectionsCheckingInterval: 50 },
  );
  const { url } = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close(0, 0).then(() => undefined));
  const answer = await exchange(url, 'PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 408']);
  expect(answer.toLowerCase()).toContain('connection: close');
  expect(refused).toEqual([408]);
  await expect.poll(() => answers).toEqual([true]);
});

describe('idle connections', () => {
  test('are kept longer than the usual load balancer keeps them, and say for how long', async () => {
    const { edge, greeter } = await startSystem();
    for (const url of [`${edge.url}/hello`, `${greeter.url}/hello`, `${edge.opsUrl}/livez`]) {
      const { headers } = await fetch(url);
      expect(headers.get('keep-alive'), url).toBe('timeout=620');
    }
  });

  test('close after KEEP_ALIVE_TIMEOUT_MS', async () => {
    const { url } = await startEdge('http://127.0.0.1:1', { KEEP_ALIVE_TIMEOUT_MS: '1000' });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write('GET /docs HTTP/1.1\r\nhost: x\r\n\r\n'));
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('Keep-Alive: timeout=1\r\n');
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
  });
});

test('baggage is passed on to the next service (W3C Baggage), also beside a trace', async () => {
  const got: (string | undefined)[] = [];
  const greeter = await standIn((req, res) => {
    got.push(req.headers.baggage as string | undefined);
    res.setHeader('content-type', 'application/json').end('{"message":"Hi"}');
  });
  const edge = await startEdge(greeter.url);
  await get(`${edge.url}/hello`, { baggage: 'tenant=a,run=%C3%BC;p=1' });
  await get(`${edge.url}/hello`, {
    baggage: 'tenant=a,broken',
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  });
  await get(`${edge.url}/hello`);
  expect(got).toEqual(['tenant=a,run=%C3%BC;p=1', 'tenant=a', undefined]);
});
