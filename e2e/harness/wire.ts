import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type ProxyServer, type ProxyServerOptions, startProxyServer } from '@halfopen/wire/app';
import {
  type Proxy,
  type ToxicAttributeTypes,
  type ToxicDirection,
  type ToxicType,
  Toxiproxy,
} from 'toxiproxy-node-client';
import { onTestFinished } from 'vitest';

/** A TCP server that does nothing by itself, until the test ends. */
async function upstream() {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    accepted.push(socket);
    server.emit('accepted');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of accepted) socket.destroy();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: async () => {
      if (accepted.length === 0) await once(server, 'accepted');
      const socket = accepted.shift();
      if (socket === undefined) throw new Error('no connection was accepted');
      onTestFinished(() => {
        socket.destroy();
      });
      return socket;
    },
  };
}

export interface Wire {
  readonly server: ProxyServer;
  /** The foreign client. */
  readonly toxiproxy: Toxiproxy;
  readonly proxy: Proxy;
  /** A connection through the proxy, both ends of it. */
  readonly pair: () => Promise<{ readonly client: Socket; readonly server: Socket }>;
}

/** A proxy server with a proxy named `wire` before a server that does nothing, until the test ends. */
export async function startWire(options: ProxyServerOptions = {}): Promise<Wire> {
  const behind = await upstream();
  const server = await startProxyServer({ listen: '127.0.0.1:0', ...options });
  onTestFinished(() => server.stop());
  const toxiproxy = new Toxiproxy(server.url);
  const proxy = await toxiproxy.createProxy({ name: 'wire', listen: '127.0.0.1:0', upstream: behind.address });
  return {
    server,
    toxiproxy,
    proxy,
    pair: async () => {
      const client = await dial(proxy.listen);
      return { client, server: await behind.next() };
    },
  };
}

/** Connects to `host:port`. @throws Node's error, such as ECONNREFUSED */
export async function dial(address: string): Promise<Socket> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

export const addToxic = (
  proxy: Proxy,
  type: ToxicType,
  stream: ToxicDirection,
  attributes: ToxicAttributeTypes,
  toxicity = 1,
) => proxy.addToxic({ name: `${type}_${stream}`, type, stream, toxicity, attributes });

/** A connection through a proxy, seen from who sends on this stream and who gets it. */
export const endsOf = (stream: ToxicDirection, { client, server }: { client: Socket; server: Socket }) =>
  stream === 'upstream' ? { sender: client, receiver: server } : { sender: server, receiver: client };

/** What arrives at a socket, and when, counted from now. */
export function watch(socket: Socket) {
  const startedAt = performance.now();
  const chunks: Buffer[] = [];
  const at = () => performance.now() - startedAt;
  let firstAtMs: number | undefined;
  socket.on('data', (chunk: Buffer) => {
    firstAtMs ??= at();
    chunks.push(chunk);
  });
  return {
    bytes: () => Buffer.concat(chunks),
    chunks: () => chunks.length,
    firstAtMs: () => firstAtMs,
    /** `end` (FIN), or the code of the error. */
    ended: new Promise<{ readonly how: string; readonly atMs: number }>((resolve) => {
      socket.once('end', () => resolve({ how: 'end', atMs: at() }));
      socket.once('error', ({ code = 'error' }: NodeJS.ErrnoException) => resolve({ how: code, atMs: at() }));
    }),
    /** Resolves with the time at which so many bytes were there. */
    received: (bytes: number) =>
      new Promise<number>((resolve) => {
        let count = Buffer.concat(chunks).length;
        const check = () => {
          if (count >= bytes) resolve(at());
        };
        socket.on('data', (chunk: Buffer) => {
          count += chunk.length;
          check();
        });
        check();
      }),
  };
}
