import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { createApp as createEdge } from '@halfopen/edge/app';
import { readConfig as readEdgeConfig } from '@halfopen/edge/config';
import { createApp as createGreeter } from '@halfopen/greeter/app';
import { readConfig as readGreeterConfig } from '@halfopen/greeter/config';
import { createLog, type Service } from '@halfopen/service-kit';
import { type StandIn, startStandIn } from '@halfopen/testing';
import { request } from 'undici';
import { onTestFinished } from 'vitest';

type Env = Readonly<Record<string, string>>;

/** Settings for a test that is not about time: no attempt is given up, and no deadline passes, because the machine is busy. */
export const PATIENT = {
  EDGE_DEADLINE_MS: '20000',
  GREETER_DEADLINE_MS: '20000',
  GREETER_CALL_ATTEMPT_TIMEOUT_MS: '10000',
} as const;

export interface Running {
  readonly url: string;
  readonly opsUrl: string;
  readonly service: Service;
  /** Every log line so far. */
  readonly log: () => Record<string, unknown>[];
  readonly logText: () => string;
}

async function run(create: (log: ReturnType<typeof createLog>) => Service, name: string): Promise<Running> {
  let text = '';
  const log = createLog(name, 'debug', {
    write: (line) => {
      text += line;
    },
  });
  const service = create(log);
  const at = await service.listen({ host: '127.0.0.1', port: 0, opsPort: 0 });
  onTestFinished(() => service.close(0));
  const lines = () => text.split('\n').filter(Boolean);
  return { ...at, service, logText: () => text, log: () => lines().map((line) => JSON.parse(line)) };
}

/** A greeter in this process, on free ports, until the test ends. */
export const startGreeter = (env: Env = {}) => run((log) => createGreeter(readGreeterConfig(env), { log }), 'greeter');

/** An edge in this process, on free ports, until the test ends. */
export const startEdge = (greeterUrl: string, env: Env = {}) =>
  run((log) => createEdge(readEdgeConfig({ GREETER_URL: greeterUrl, ...env }), { log }), 'edge');

/** Both. */
export async function startSystem(env: Env = {}) {
  const greeter = await startGreeter({ FAULTS: 'on', ...env });
  const edge = await startEdge(greeter.url, { FAULTS: 'on', ...env });
  return { greeter, edge };
}

/** An HTTP server that answers as the test says, until the test ends. */
export async function standIn(listener: RequestListener): Promise<StandIn> {
  const started = await startStandIn(listener);
  onTestFinished(() => started.close());
  return started;
}

/** A TCP server that does with each connection what the test says, until the test ends. */
export async function rawStandIn(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Reserved, and of services that nobody runs any more. A port that was just free may be given to a test that runs beside. */
const DEAD_PORTS = [1, 2, 3, 4, 5, 6] as const;
let deadUrls = 0;

/** An address on which nothing listens, another one each time. */
export const deadUrl = () => `http://127.0.0.1:${DEAD_PORTS[deadUrls++ % DEAD_PORTS.length]}`;

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came back
  readonly json: any;
  readonly tookMs: number;
}

/** One request on a connection of its own. */
export async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const startedAt = performance.now();
  const { statusCode, headers: got, body } = await request(url, { method, headers, reset: true });
  const text = await body.text();
  const tookMs = performance.now() - startedAt;
  const isJson = /json/.test(String(got['content-type'])) && text !== '';
  return { status: statusCode, headers: got, text, json: isJson ? JSON.parse(text) : undefined, tookMs };
}

/** Sends bytes as they are and returns all that comes back until the connection ends. */
export function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('end', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
