import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { callContext, type Endpoint, httpTransport } from '@halfopen/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { get, PATIENT, rawStandIn, standIn, startEdge } from '../harness/system.ts';

/**
 * Servers that are nothing like the greeter, and right: they name no requests, send interim responses, or close what they kept open.
 * No call may fail. There is one attempt for each call, so that no retry hides a failure.
 */
const ONE_ATTEMPT = { GREETER_CALL_ATTEMPTS: '1' };

const BODY = '{"message":"Hi"}';
const ok = (headers = '') =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${headers}content-length: ${BODY.length}\r\n\r\n${BODY}`;
const idOf = (request: string) => `x-request-id: ${/x-request-id: (\S+)/i.exec(request)?.[1]}\r\n`;

async function statuses(url: string, calls: number): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let n = 0; n < calls; n++) {
    const { status } = await get(`${url}/hello?name=${n % 3}`);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** An HTTP server that answers JSON, and counts its connections. */
async function server(name: (req: IncomingMessage, res: ServerResponse) => string | undefined) {
  const connections = new Set<unknown>();
  const { url } = await standIn((req, res) => {
    connections.add(req.socket);
    const id = name(req, res);
    res.removeHeader('x-request-id');
    if (id !== undefined) res.setHeader('x-request-id', id);
    res.setHeader('content-type', 'application/json').end(BODY);
  });
  return { url, connections };
}

describe('kept connections', () => {
  test.each<[string, () => Parameters<typeof server>[0]]>([
    ['names no requests', () => () => undefined],
    ['gives every answer an id of its own', () => () => crypto.randomUUID()],
    [
      'is a cache, and repeats the id of the answer that it stored',
      () => {
        const stored = new Map<string | undefined, string>();
        return (req) => {
          const id = stored.get(req.url) ?? String(req.headers['x-request-id']);
          stored.set(req.url, id);
          return id;
        };
      },
    ],
  ])('a server that %s: at most one new connection in a hundred requests', async (_what, name) => {
    const { url, connections } = await server(name());
    const edge = await startEdge(url, ONE_ATTEMPT);
    expect(await statuses(edge.url, 400)).toEqual({ 200: 400 });
    expect(connections.size).toBeLessThanOrEqual(4);
  });

  test.each<[string, (n: number, id: string) => string | undefined]>([
    ['stops naming requests', (n, id) => (n < 5 ? id : undefined)],
    ['names them with ids of its own from now on', (n, id) => (n < 5 ? id : `own-${n}`)],
    ['is two processes, one of which names no requests', (n, id) => (n % 2 === 0 ? id : undefined)],
    ['begins to name requests', (n, id) => (n < 5 ? undefined : id)],
  ])('a server that %s: no call fails', async (_what, nameOf) => {
    let n = 0;
    const { url } = await server((req) => nameOf(n++, String(req.headers['x-request-id'])));
    const edge = await startEdge(url, ONE_ATTEMPT);
    expect(await statuses(edge.url, 60)).toEqual({ 200: 60 });
  });

  test.each([
    ['408 that names the request', 408, true],
    ['408 that does not', 408, false],
    ['421', 421, false],
  ])('%s on a kept connection: the request is repeated on another one', async (_what, status, isNamed) => {
    const url = await rawStandIn((socket) => {
      let n = 0;
      socket.on('data', (data) => {
        const id = idOf(String(data));
        if (++n === 1) socket.write(ok(id));
        else socket.end(`HTTP/1.1 ${status} X\r\nconnection: close\r\n${isNamed ? id : ''}content-length: 0\r\n\r\n`);
      });
    });
    const edge = await startEdge(url, ONE_ATTEMPT);
    expect(await statuses(edge.url, 40)).toEqual({ 200: 40 });
  });

  test('408 to every request is an answer like any other', async () => {
    let requests = 0;
    const greeter = await standIn((_req, res) => {
      requests++;
      res.writeHead(408).end();
    });
    const edge = await startEdge(greeter.url, ONE_ATTEMPT);
    expect(await statuses(edge.url, 20)).toEqual({ 502: 20 });
    // Four repeats, then kept connections are not used for a while.
    expect(requests).toBe(24);
  });
});

describe('interim responses before the answer are skipped (RFC 9110 §15.2)', () => {
  test.each([
    ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['100 twice', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
    ['100 with a header', 'HTTP/1.1 100 Continue\r\nx-request-id: other\r\n\r\n'],
    ['102, 100, 103', 'HTTP/1.1 102 P\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nlink: </x>\r\n\r\n'],
    ['102 that speaks of a body', 'HTTP/1.1 102 P\r\ncontent-length: 5\r\n\r\n'],
    [
      '103 that speaks of chunks, and of closing',
      'HTTP/1.1 103 E\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n',
    ],
    ['forty times 103 with links', `HTTP/1.1 103 E\r\nlink: <${'x'.repeat(300)}>\r\n\r\n`.repeat(40)],
    ['199', 'HTTP/1.1 199 X\r\n\r\n'],
  ])('%s', async (_what, interim) => {
    const url = await rawStandIn((socket) => {
      socket.on('data', () => socket.write(interim + ok()));
    });
    const edge = await startEdge(url, ONE_ATTEMPT);
    expect(await statuses(edge.url, 10)).toEqual({ 200: 10 });
  });

  test('as many as a head has room for, and no more', async () => {
    const url = await rawStandIn((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000) + ok()));
    });
    const edge = await startEdge(url, ONE_ATTEMPT);
    const { status, json } = await get(`${edge.url}/hello`);
    expect([status, json.code]).toEqual([502, 'bad_response']);
  });
});

/** Answers that are right, though few servers send them. Bytes, or what the server does with the connection. */
const CHUNKS = `10\r\n${BODY}\r\n0\r\n\r\n`;
const START = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const lawful: [string, string | ((socket: Socket) => void)][] = [
  [
    'a line in front of the first header that begins with white space',
    `HTTP/1.1 200 OK\r\n content-length: 3\r\ncontent-type: application/json\r\n${ok().slice(START.length)}`,
  ],
  [
    'chunks with extensions, and trailers',
    `${START}transfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n10;a=b;c="d e"\r\n${BODY}\r\n0;last\r\nx-sum: 1\r\ncontent-type: text/html\r\nx-request-id: other\r\nretry-after: 7\r\n\r\n`,
  ],
  [
    'sizes of chunks with zeros, and Chunked',
    `${START}Transfer-Encoding: Chunked\r\n\r\n00010\r\n${BODY}\r\n000\r\n\r\n`,
  ],
  ['an empty member in Transfer-Encoding', `${START}transfer-encoding: , chunked\r\n\r\n${CHUNKS}`],
  ['white space around chunked', `${START}transfer-encoding: \t chunked \t \r\n\r\n${CHUNKS}`],
  ['white space around a length', `${START}content-length:   16 \t\r\n\r\n${BODY}`],
  ['zeros before a length', `${START}content-length: 0000016\r\n\r\n${BODY}`],
  [
    'a header on several lines',
    `HTTP/1.1 200 OK\r\ncontent-type: application/json;\r\n charset=utf-8\r\nx-long: a\r\n\tb\r\n${ok().slice(START.length)}`,
  ],
  [
    'a media type in capitals, quoted, with an empty parameter',
    `HTTP/1.1 200 OK\r\nCONTENT-TYPE: Application/JSON; Charset="UTF-8" ;\r\n${ok().slice(START.length)}`,
  ],
  ['a header that is not ASCII', ok('x-server: caf\u00e9\r\n')],
  ['an empty reason', ok().replace('200 OK', '200 ')],
  ['a reason that is not ASCII', ok().replace('200 OK', '200 \u00e7a va')],
  ['a byte order mark (RFC 8259 §8.1)', `${START}content-length: 19\r\n\r\n\u00ef\u00bb\u00bf${BODY}`],
  ['15 KiB of cookies', ok(`set-cookie: ${'x'.repeat(945)}\r\n`.repeat(16))],
  ['a header of 12 KiB', ok(`content-security-policy: ${'x'.repeat(12_288)}\r\n`)],
  ['300 headers', ok(Array.from({ length: 300 }, (_, n) => `x-${n}: 1\r\n`).join(''))],
  [
    'HTTP/1.0 that ends with the connection',
    (socket) => socket.end(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${BODY}`),
  ],
  ['HTTP/1.0 with a length', (socket) => socket.end(ok().replace('HTTP/1.1', 'HTTP/1.0'))],
  ['HTTP/1.0 that keeps the connection', ok('connection: keep-alive\r\n').replace('HTTP/1.1', 'HTTP/1.0')],
  ['HTTP/1.1 that ends with the connection', (socket) => socket.end(`${START}\r\n${BODY}`)],
  ['Connection: close', (socket) => socket.end(ok('connection: close\r\n'))],
  ['Close among other options', (socket) => socket.end(ok('Connection: X, Close\r\n'))],
  ['close, and the connection stays open', ok('connection: close\r\n')],
  ['an end that was not announced', (socket) => socket.end(ok())],
  ['a reset behind each answer', (socket) => socket.write(ok(), () => setImmediate(() => socket.resetAndDestroy()))],
  ['Keep-Alive: timeout=0', ok('keep-alive: timeout=0\r\n')],
  ['Keep-Alive: timeout=1', ok('keep-alive: timeout=1\r\n')],
  ['Keep-Alive that cannot be read', ok('keep-alive: max=5, timeout=soon\r\n')],
  [
    'seven bytes at a time, after a 100',
    (socket) => {
      const bytes = `HTTP/1.1 100 C\r\n\r\n${START}transfer-encoding: chunked\r\n\r\n${CHUNKS}`;
      for (let at = 0; at < bytes.length; at += 7) setTimeout(() => socket.write(bytes.slice(at, at + 7)), at / 7);
    },
  ],
];

test.each(lawful)('lawful: %s', async (_what, answer) => {
  const url = await rawStandIn((socket) => {
    socket.on('data', () => {
      if (typeof answer === 'string') socket.write(answer, 'latin1');
      else answer(socket);
    });
  });
  const edge = await startEdge(url, { ...PATIENT, ...ONE_ATTEMPT });
  expect(await statuses(edge.url, 8)).toEqual({ 200: 8 });
});

test('a server that closes each connection after a second of idleness, as it says: no call fails', async () => {
  const { url, connections } = await server((_req, res) => {
    res.setHeader('keep-alive', 'timeout=1');
    res.socket?.setTimeout(1_000, () => res.socket?.destroy());
    return undefined;
  });
  const edge = await startEdge(url, { ...PATIENT, ...ONE_ATTEMPT });
  for (let n = 0; n < 3; n++) {
    expect(await statuses(edge.url, 1)).toEqual({ 200: 1 });
    await new Promise((resolve) => {
      setTimeout(resolve, 990);
    });
  }
  expect(connections.size).toBeLessThanOrEqual(3);
});

test('425 on a kept connection is the answer, if the server has never named requests', async () => {
  let requests = 0;
  const url = await rawStandIn((socket) => {
    socket.on('data', () => {
      requests++;
      socket.write('HTTP/1.1 425 Too Early\r\ncontent-length: 0\r\n\r\n');
    });
  });
  const edge = await startEdge(url, ONE_ATTEMPT);
  expect(await statuses(edge.url, 5)).toEqual({ 502: 5 });
  // No early data was sent (RFC 8470 §5.2), so nothing is to be repeated without it.
  expect(requests).toBe(5);
});

test.each([
  ['x-gzip', 502],
  ['Gzip', 502],
  ['IDENTITY', 200],
  ['', 200],
])('an answer in the content coding "%s": %i, and it is clear why', async (coding, expected) => {
  const url = await rawStandIn((socket) => {
    socket.on('data', () => socket.write(ok(`content-encoding: ${coding}\r\n`)));
  });
  const edge = await startEdge(url, ONE_ATTEMPT);
  const { status, json } = await get(`${edge.url}/hello`);
  expect(status).toBe(expected);
  if (expected === 502) expect(json.detail).toContain('content coding');
});

test('no content coding is accepted, and the request says so (RFC 9110 §12.5.3)', async () => {
  const seen: unknown[] = [];
  const { url } = await server((req) => {
    seen.push(req.headers['accept-encoding']);
    return undefined;
  });
  const edge = await startEdge(url, ONE_ATTEMPT);
  expect(await statuses(edge.url, 1)).toEqual({ 200: 1 });
  expect(seen).toEqual(['identity']);
});

describe('where a connection goes', () => {
  /** One request to an endpoint, without a balancer. */
  async function send(endpoint: Endpoint): Promise<number> {
    const transport = httpTransport(endpoint.origin, { connectTimeoutMs: 500 });
    onTestFinished(() => transport.close());
    const context = { ...callContext({ safety: 'safe' }), endpoint };
    return (await transport.send({ method: 'GET', target: '/hello' }, context)).status;
  }

  test.each([
    ['refuses', '127.0.0.9'],
    // TEST-NET-1 (RFC 5737): no route, or no answer.
    ['is silent', '192.0.2.1'],
  ])('an address that %s: the other family of the same name is tried (RFC 1123 §2.3)', async (_what, dead) => {
    const ipv6 = createServer((_req, res) => res.setHeader('content-type', 'application/json').end(BODY));
    await new Promise<void>((resolve) => {
      ipv6.listen(0, '::1', resolve);
    });
    onTestFinished(() => {
      ipv6.close();
    });
    const { port } = ipv6.address() as AddressInfo;
    const endpoint = { origin: `http://${dead}:${port}`, host: `dual:${port}` };
    expect(await send({ ...endpoint, alternatives: ['::1'] })).toBe(200);
    await expect(send(endpoint)).rejects.toMatchObject({ code: 'unreachable', sent: 'never' });
  });

  test.each([
    ['greeter.test', 'greeter.test'],
    // RFC 6066 §3: without the final dot, and no literal addresses.
    ['greeter.test.', 'greeter.test'],
    ['127.0.0.1', undefined],
    ['[::1]', undefined],
  ])('TLS to https://%s asks for the name %s', async (host, expected) => {
    const hello = Promise.withResolvers<Buffer>();
    const url = await rawStandIn((socket) => {
      socket.once('data', (data) => {
        hello.resolve(data);
        socket.destroy();
      });
    });
    const { host: address, port } = new URL(url);
    await expect(send({ origin: `https://${address}`, host: `${host}:${port}` })).rejects.toMatchObject({
      sent: 'never',
    });
    expect(serverNameIn(await hello.promise)).toBe(expected);
  });
});

/** The name in a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3). */
function serverNameIn(hello: Buffer): string | undefined {
  let at = 5 + 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const [type, length] = [hello.readUInt16BE(at), hello.readUInt16BE(at + 2)];
    if (type === 0) return hello.subarray(at + 4 + 5, at + 4 + length).toString('latin1');
    at += 4 + length;
  }
  return undefined;
}

test('a request is as plain as HTTP allows: one line each, and nothing that has nothing to say', async () => {
  const heads: string[] = [];
  const url = await rawStandIn((socket) => {
    socket.on('data', (data) => {
      heads.push(String(data));
      socket.write(ok());
    });
  });
  const edge = await startEdge(url, ONE_ATTEMPT);
  expect((await get(`${edge.url}/hello?name=J%C3%BCrgen%20%26%20%23`)).status).toBe(200);
  const [head = ''] = heads;
  const [line, ...fields] = head.slice(0, head.indexOf('\r\n\r\n')).split('\r\n');
  expect(head.endsWith('\r\n\r\n')).toBe(true);
  expect(line).toBe('GET /hello?name=J%C3%BCrgen%20%26%20%23 HTTP/1.1');
  const names = fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase());
  expect(names.toSorted()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'traceparent',
    'user-agent',
    'x-attempt',
    'x-deadline-ms',
    'x-request-id',
  ]);
  expect(names[0]).toBe('host');
  expect(fields[0]).toBe(`host: ${new URL(url).host}`);
  expect(fields.filter((field) => !/^[a-z-]+: [!-~][ -~]*$/i.test(field))).toEqual([]);
});
