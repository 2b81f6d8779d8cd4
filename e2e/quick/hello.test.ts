import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exchange, get, type Running, startSystem } from '../harness/system.ts';

const family = '👨‍👩‍👧‍👦';

describe('GET /hello', () => {
  test.each([
    ['?name=John', 'Hello, John!'],
    ['', 'Hello, World!'],
    ['?other=1', 'Hello, World!'],
    ['?name=%20John%20Doe+', 'Hello, John Doe!'],
    [`?name=${encodeURIComponent('Jürgen')}`, 'Hello, Jürgen!'],
    [`?name=${encodeURIComponent('你好')}`, 'Hello, 你好!'],
    [`?name=${encodeURIComponent('שלום')}`, 'Hello, שלום!'],
    [`?name=${encodeURIComponent('<b>&amp;"quoted"</b>')}`, 'Hello, <b>&amp;"quoted"</b>!'],
    [`?name=${'x'.repeat(100)}`, `Hello, ${'x'.repeat(100)}!`],
    [`?name=${encodeURIComponent(family.repeat(100))}`, `Hello, ${family.repeat(100)}!`],
    ['?name=__proto__', 'Hello, __proto__!'],
  ])('%#. %.40s', async (query, message) => {
    const { edge, greeter } = await startSystem();
    for (const { url } of [edge, greeter]) {
      const { status, json, headers } = await get(`${url}/hello${query}`);
      expect([status, json]).toEqual([200, { message }]);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });

  test('HEAD is GET without the body', async () => {
    const { edge } = await startSystem();
    const { status, text, headers } = await get(`${edge.url}/hello`, {}, 'HEAD');
    expect([status, text, headers['content-length']]).toEqual([200, '', '27']);
  });
});

function expectProblem({ status, headers, json }: Awaited<ReturnType<typeof get>>, expected: number, code: string) {
  expect(headers['content-type']).toBe('application/problem+json');
  expect(status).toBe(expected);
  expect(json).toMatchObject({
    type: `urn:halfopen:problem:${code}`,
    status: expected,
    code,
    title: expect.any(String),
    detail: expect.any(String),
    requestId: headers['x-request-id'],
    instance: `urn:halfopen:request:${String(headers['x-request-id'])}`,
  });
}

describe('bad input is refused with a problem that says what would do', () => {
  test.each([
    ['GET', '/hello?name=', 400, 'must not be blank'],
    ['GET', '/hello?name', 400, 'must not be blank'],
    ['GET', '/hello?name=%20%09', 400, 'control characters'],
    ['GET', '/hello?name=%20%E2%80%8B', 400, 'must not be blank'],
    ['GET', `/hello?name=${'x'.repeat(101)}`, 400, 'at most 100 characters'],
    ['GET', `/hello?name=${encodeURIComponent(family.repeat(101))}`, 400, 'at most 100 characters'],
    ['GET', `/hello?name=${encodeURIComponent(`e${'\u0301'.repeat(2_050)}`)}`, 400, 'at most 4096 bytes'],
    ['GET', '/hello?name=a%0Ab', 400, 'control characters'],
    ['GET', '/hello?name=a%00', 400, 'control characters'],
    ['GET', '/hello?name=John%0A', 400, 'control characters'],
    ['GET', '/hello?name=a&name=b', 400, 'name must be given once, not ["a","b"]'],
    ['GET', '/hello?name=a&name=a', 400, 'name must be given once'],
    ['GET', '/hello?name=%ff', 400, 'percent-encoded UTF-8'],
    ['GET', '/hello?name=%ED%A0%80', 400, 'percent-encoded UTF-8'],
    ['GET', '/hello?name=%zz', 400, 'percent-encoded UTF-8'],
    ['GET', '/', 404, 'nothing exists at this path'],
    ['GET', '/hello/', 404, 'nothing exists at this path'],
    ['GET', '/HELLO', 404, 'nothing exists at this path'],
    ['GET', '/hello/../hello%2f', 404, 'nothing exists at this path'],
    ['GET', '/%zz', 404, 'nothing exists at this path'],
    ['POST', '/hello', 405, 'POST is not allowed here'],
    ['PATCH', '/hello', 405, 'PATCH is not allowed here'],
    ['DELETE', '/hello?name=', 405, 'DELETE is not allowed here'],
  ])('%#. %s %.40s → %i', async (method, target, status, detail) => {
    const { edge, greeter } = await startSystem();
    for (const { url } of [edge, greeter]) {
      const answer = await get(url + target, {}, method);
      expectProblem(answer, status, 'bad_request');
      expect(answer.json.detail).toContain(detail);
      if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS');
    }
  });

  test.each(['0', '-1', '1.5', 'abc', '', '1e3', '0x10', ' '])('x-deadline-ms: %j → 400', async (value) => {
    const { edge, greeter } = await startSystem();
    for (const { url } of [edge, greeter]) {
      const answer = await get(`${url}/hello`, { 'x-deadline-ms': value });
      expectProblem(answer, 400, 'bad_request');
      expect(answer.json.detail).toContain('x-deadline-ms');
    }
  });

  test.each(['9007199254740993', '9'.repeat(400)])('x-deadline-ms: %.20s is more than there is: 200', async (value) => {
    const { edge, greeter } = await startSystem();
    for (const { url } of [edge, greeter]) {
      expect((await get(`${url}/hello`, { 'x-deadline-ms': value })).status).toBe(200);
    }
  });

  test.each([
    ['not HTTP at all', 'GARBAGE\r\n\r\n', 400],
    ['TLS to a plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', 400],
    ['an unknown method', 'BREW /hello HTTP/1.1\r\nhost: x\r\n\r\n', 405],
    ['bytes beyond ASCII in the target', 'GET /hello?name=J\xc3\xbcrgen HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['no Host', 'GET /hello HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n', 405],
    ['headers too large', `GET /hello HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'GET /hello HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
    [
      'a length and chunks (request smuggling)',
      'GET /hello HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
    ['an unknown transfer coding', 'POST /hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n', 400],
    [
      'an unknown transfer coding before chunks',
      'GET /hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'transfer codings in two headers',
      'GET /hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'a transfer coding in HTTP/1.0',
      'GET /hello HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['two Hosts', 'GET /hello HTTP/1.1\r\nhost: x\r\nHost: y\r\n\r\n', 400],
    ['the same Host twice', 'GET /hello HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n', 400],
    ['an empty Host', 'GET /hello HTTP/1.1\r\nhost:\r\n\r\n', 400],
    ['a Host that is none', 'GET /hello HTTP/1.1\r\nhost: a/b@c\r\n\r\n', 400],
    ['a fragment in the target', 'GET /hello?name=John#top HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a target of another scheme', 'GET ftp://x/hello HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['two slashes', 'GET //hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 404],
    ['the server as a whole', 'GET * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 404],
    ['HTTP/2.0 as text', 'GET /hello HTTP/2.0\r\nhost: x\r\n\r\n', 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['HTTP/1.2', 'GET /hello HTTP/1.2\r\nhost: x\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /hello\r\n\r\n', 400],
    ['a long target', `GET /hello?name=${'x'.repeat(200_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    ['10,000 headers', `GET /hello HTTP/1.1\r\nhost: x\r\n${'x: 1\r\n'.repeat(10_000)}\r\n`, 431],
    ['a line that is folded', 'GET /hello HTTP/1.1\r\nhost: x\r\nx: a\r\n b\r\n\r\n', 400],
  ])('%s', async (_what, bytes, status) => {
    const { edge } = await startSystem();
    for (const url of [edge.url, edge.opsUrl]) {
      const answer = await exchange(
        url,
        Buffer.from(bytes.replace('/hello', url === edge.url ? '/hello' : '/livez'), 'latin1'),
      );
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
      const document = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
      expect(document).toMatchObject({ status, code: 'bad_request' });
      if (status === 405) expect(answer).toContain('allow: GET, HEAD, OPTIONS');
    }
  });

  test('a caller that goes on sending after it was refused can read the refusal', async () => {
    const { edge } = await startSystem();
    const { hostname, port } = new URL(edge.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => {
      socket.destroy();
    });
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    socket.pause();
    socket.write('GARBAGE\r\n\r\n');
    for (let more = 0; more < 10; more++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      socket.write('x'.repeat(10_000));
    }
    let answer = '';
    for await (const data of socket) answer += data;
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer.match(/urn:halfopen:problem/g)).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test.each([
    ['an absolute target', 'GET http://x/hello?name=John HTTP/1.1\r\nhost: x\r\n'],
    ['another letter case', 'GET HTTP://x/hello?name=John HTTP/1.1\r\nHOST: x\r\n'],
    ['IPv6', 'GET /hello?name=John HTTP/1.1\r\nhost: [::1]:8080\r\n'],
    ['HTTP/1.0 without Host', 'GET /hello?name=John HTTP/1.0\r\n'],
    ['chunks', 'GET /hello?name=John HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: Chunked\r\n'],
    ['an upgrade that we do not know', 'GET /hello?name=John HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\n'],
    ['an announced body', 'GET /hello?name=John HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n'],
  ])('unusual but right: %s', async (_what, head) => {
    const { edge } = await startSystem();
    const answer = await exchange(
      edge.url,
      `${head}connection: close\r\n\r\n${/chunked/i.test(head) ? '0\r\n\r\n' : ''}`,
    );
    expect(answer).toContain('HTTP/1.1 200 OK');
    expect(answer).toContain('{"message":"Hello, John!"}');
  });

  test('a request before a broken one is answered, what comes after is not', async () => {
    const { edge } = await startSystem();
    const answer = await exchange(edge.url, 'GET /hello?name=John HTTP/1.1\r\nhost: x\r\n\r\nGARBAGE\r\n\r\n');
    expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(answer).toContain('{"message":"Hello, John!"}');
  });

  test('a body that breaks after the answer is not answered twice', async () => {
    const { edge } = await startSystem();
    const chunks = 'POST /hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n';
    const answer = await exchange(edge.url, chunks);
    expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(answer).toMatch(/^HTTP\/1.1 40[05] /);
  });

  test('what is refused unread is logged under the id that the caller got', async () => {
    const { edge } = await startSystem();
    const answer = await exchange(edge.url, 'GARBAGE\r\n\r\n');
    const { requestId } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    expect(edge.log()).toContainEqual(expect.objectContaining({ requestId, status: 400, outcome: 'bad_request' }));
  });

  test('an expectation that we do not know is not silently refused by the platform', async () => {
    const { edge } = await startSystem();
    const answer = await exchange(
      edge.url,
      'GET /hello HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toContain('{"message":"Hello, World!"}');
  });
});

describe('ids', () => {
  test('a sane request id is kept, on the answer and in the logs of both services', async () => {
    const { edge, greeter } = await startSystem();
    const { headers } = await get(`${edge.url}/hello`, { 'x-request-id': 'order-4711.a_B' });
    expect(headers['x-request-id']).toBe('order-4711.a_B');
    await expect.poll(() => requestLines(edge)).toMatchObject([{ requestId: 'order-4711.a_B', outcome: 'success' }]);
    expect(requestLines(greeter)).toMatchObject([{ requestId: 'order-4711.a_B' }]);
  });

  test.each(['', 'a b', 'x'.repeat(129), '<script>', 'a,b'])('request id %.20j is replaced', async (id) => {
    const { edge } = await startSystem();
    const { headers } = await get(`${edge.url}/hello`, { 'x-request-id': id });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a trace goes on, with a new span at each hop; a broken one begins anew', async () => {
    const { edge, greeter } = await startSystem();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await get(`${edge.url}/hello`, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    await get(`${edge.url}/hello`, { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` });
    await expect.poll(() => requestLines(edge)).toHaveLength(2);
    const [[first, broken], [firstBehind, brokenBehind]] = [requestLines(edge), requestLines(greeter)];
    expect([first?.traceId, firstBehind?.traceId]).toEqual([traceId, traceId]);
    expect(new Set(['00f067aa0ba902b7', first?.spanId, firstBehind?.spanId]).size).toBe(3);
    expect(broken?.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(brokenBehind?.traceId).toBe(broken?.traceId);
  });
});

const requestLines = ({ log }: Running) => log().filter(({ msg }) => msg === 'request');

describe('documentation', () => {
  test('/openapi.json and /docs come from the edge itself', async () => {
    const { edge } = await startSystem();
    const document = await get(`${edge.url}/openapi.json`);
    expect(document.json).toMatchObject({ openapi: '3.1.1', paths: { '/hello': { get: { operationId: 'hello' } } } });
    const page = await get(`${edge.url}/docs`);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
    expect(loaded).toHaveLength(4);
    for (const path of loaded) expect((await get(`${edge.url}${path}`)).status, path).toBe(200);
    for (const path of ['/openapi.json', '/docs', ...loaded]) {
      const answer = await get(`${edge.url}${path}`, {}, 'POST');
      expectProblem(answer, 405, 'bad_request');
      expect(answer.headers.allow, path).toBe('GET, HEAD, OPTIONS');
    }
  });
});

describe('ops port', () => {
  test('a method that is not possible is a 405 that says which ones are', async () => {
    const { edge, greeter } = await startSystem();
    const asked: [string, string, string][] = [
      ...[edge, greeter].flatMap(({ opsUrl }) =>
        ['/livez', '/readyz', '/metrics'].map((path): [string, string, string] => [
          'POST',
          opsUrl + path,
          'GET, HEAD, OPTIONS',
        ]),
      ),
      ['POST', `${edge.opsUrl}/downstreams`, 'GET, HEAD, OPTIONS'],
      ['PATCH', `${greeter.opsUrl}/faults`, 'GET, PUT, DELETE, HEAD, OPTIONS'],
    ];
    for (const [method, url, allow] of asked) {
      const answer = await get(url, {}, method);
      expectProblem(answer, 405, 'bad_request');
      expect(answer.headers.allow, url).toBe(allow);
    }
  });

  test('livez, readyz, metrics, downstreams; nothing of it on the public port', async () => {
    const { edge, greeter } = await startSystem();
    await get(`${edge.url}/hello`);
    for (const { url, opsUrl } of [edge, greeter]) {
      expect((await get(`${opsUrl}/livez`)).status).toBe(200);
      expect((await get(`${opsUrl}/readyz`)).status).toBe(200);
      for (const path of ['/livez', '/readyz', '/metrics', '/faults', '/downstreams']) {
        expect((await get(url + path)).status).toBe(404);
      }
    }
    const metrics = await get(`${edge.opsUrl}/metrics`);
    expect(metrics.headers['content-type']).toContain('text/plain');
    for (const line of [
      'http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_route="/hello",http_response_status_code="200",error_type=""} 1',
      'client_call_duration_seconds_count{downstream="greeter",operation="hello",outcome="success"} 1',
      `http_client_request_duration_seconds_count{downstream="greeter",operation="hello",http_request_method="GET",server_address="127.0.0.1",server_port="${new URL(greeter.url).port}",network_peer_address="127.0.0.1",http_response_status_code="200",error_type=""} 1`,
      `breaker_state{downstream="greeter",endpoint="${greeter.url}",state="closed"} 1`,
      'client_in_flight{downstream="greeter"} 0',
      'client_retry_budget_remaining{downstream="greeter"} 3.1',
    ]) {
      expect(metrics.text).toContain(line);
    }
    expect((await get(`${edge.opsUrl}/downstreams`)).json).toMatchObject({
      greeter: {
        policy: 'standard',
        breaker: 'closed',
        retryBudgetRemaining: 3.1,
        inFlight: 0,
        maxInFlight: 128,
        endpoints: [{ url: greeter.url, breaker: 'closed', breakerRetryAfterMs: 0, inFlight: 0 }],
      },
    });
  });
});
