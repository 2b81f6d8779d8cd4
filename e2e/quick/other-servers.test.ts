import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callContext, type Endpoint, httpTransport } from '@halfopen/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { get, rawStandIn, standIn, startEdge } from '../harness/system.ts';

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

test.each([
  ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['100 twice', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
  ['100 with a header', 'HTTP/1.1 100 Continue\r\nx-request-id: other\r\n\r\n'],
  ['102, 100, 103', 'HTTP/1.1 102 P\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nlink: </x>\r\n\r\n'],
  ['199', 'HTTP/1.1 199 X\r\n\r\n'],
])('%s before the answer is skipped (RFC 9110 §15.2)', async (_what, interim) => {
  const url = await rawStandIn((socket) => {
    socket.on('data', () => socket.write(interim + ok()));
  });
  const edge = await startEdge(url, ONE_ATTEMPT);
  expect(await statuses(edge.url, 10)).toEqual({ 200: 10 });
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
