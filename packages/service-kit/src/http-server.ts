import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpProblem, renderProblem } from './http-problem.ts';

/** How patient a server is with its callers. Milliseconds. */
export interface Patience {
  /** For all headers of a request: a caller that drips them (slowloris) is cut off. Default 10,000. */
  readonly headersTimeout: number;
  /** For a whole request, body included. Default 15,000. */
  readonly requestTimeout: number;
  /** How often the two are looked at. Default 1,000. */
  readonly connectionsCheckingInterval: number;
  /** For an idle connection. Longer than any sane client keeps one, so that the client closes first (node #20256). Default 65,000. */
  readonly keepAliveTimeout: number;
}

const PATIENCE: Patience = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
};

/** For the request line and all headers. */
const MAX_HEADER_BYTES = 16_384;

/** On closing, connections without a request are left open this long: one may be on its way. */
const IDLE_GRACE_MS = 500;

/** After a refusal the caller has this long to read it and to close. */
const READ_REFUSAL_MS = 1_000;

export interface HttpServer {
  /** @throws Error with `code` EADDRINUSE, EACCES, EADDRNOTAVAIL … */
  listen(host: string, port: number): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * Goes on accepting for `drainMs`, each answer closing its connection; then stops accepting, lets the requests in
   * flight end, closes connections as they become idle.
   * @param mostMs after the drain, then whatever is left is cut off
   * @returns how many requests were cut off
   */
  close(mostMs: number, drainMs: number): Promise<number>;
}

/** Told of each request that was refused before a handler saw it. */
export type OnRefused = (problem: HttpProblem, status: number, requestId: string) => void;

const cutOffAnswers = new WeakSet<ServerResponse>();

/** Whether the server broke `res` off, because it was closing and the time to end was over. */
export function isCutOff(res: ServerResponse): boolean {
  return cutOffAnswers.has(res);
}

/**
 * An HTTP server that speaks problem documents even about what Node refuses before any handler sees it.
 *
 * A caller that closes its side of the connection before it has its answer is taken for gone, as in nginx and Go's
 * net/http: who left for good sends the same FIN, and work for nobody must end at once. Node does so by itself.
 * @param patience in place of the defaults
 */
export function createHttpServer(
  handler: RequestListener,
  onRefused: OnRefused,
  patience: Partial<Patience> = {},
): HttpServer {
  const sockets = new Set<Duplex>();
  /** In the order of their requests. */
  const unanswered = new Map<ServerResponse, Duplex>();
  const latest = new WeakMap<Duplex, IncomingMessage>();
  const refused = new WeakSet<Duplex>();
  let closing = false;

  const limits = { ...PATIENCE, ...patience, maxHeaderSize: MAX_HEADER_BYTES };
  const server = createServer({ ...limits, requireHostHeader: false }, (req, res) => {
    unanswered.set(res, req.socket);
    latest.set(req.socket, req);
    res.once('close', () => unanswered.delete(res));
    if (closing) res.shouldKeepAlive = false;
    handler(req, res);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // Without a listener Node answers 417 by itself, without our headers.
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    server.emit('request', req, res);
  });

  const refuse = (problem: HttpProblem, socket: Duplex) => {
    refused.add(socket);
    const requestId = randomUUID();
    const { status, headers, body } = renderProblem(problem, requestId);
    const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
    // A caller that never closes its side would keep the socket for ever: Node does not look at it any more.
    setTimeout(() => socket.destroy(), READ_REFUSAL_MS).unref();
    onRefused(problem, status, requestId);
  };
  // Else Node closes these without a word.
  server.on('connect', (_req, socket) => {
    refuse(new HttpProblem('bad_request', 'CONNECT is not possible here', { status: 405, allow: 'GET, HEAD' }), socket);
  });
  server.on('clientError', (error: ClientError, socket) => {
    // More of what has been refused. To close with bytes unread is a reset, which may overtake the refusal (RFC 9112 §9.6).
    if (refused.has(socket)) return;
    const answering = [...unanswered].filter(([, of]) => of === socket).at(-1)?.[0];
    if (answering !== undefined) {
      // A request before the broken one is still to be answered; what comes after that is not.
      answering.shouldKeepAlive = false;
      answering.once('close', () => socket.destroy());
    } else if (!socket.writable || error.code === 'ECONNRESET' || latest.get(socket)?.complete === false) {
      // Gone, or answered already while its body was still coming: a second answer would be read as that of the next.
      socket.destroy();
    } else {
      refuse(malformedRequest(error), socket);
    }
  });

  /** Answers not begun yet tell their caller to use another connection next time: the last one of each connection, or the answers behind it would be lost. */
  const closeAfterAnswers = () => {
    const last = new Map([...unanswered].map(([res, socket]) => [socket, res]));
    for (const res of last.values()) if (!res.headersSent) res.shouldKeepAlive = false;
  };
  // Node's own `closeIdleConnections` passes over connections that have never sent a request.
  const closeIdle = () => {
    const busy = new Set(unanswered.values());
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy();
  };

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const { address, family, port: actual } = server.address() as AddressInfo;
          resolve({ url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`, port: actual });
        });
      }),
    async close(mostMs, drainMs) {
      closing = true;
      if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
      closeAfterAnswers();
      const closed = stopAccepting(server);
      let again: NodeJS.Timeout | undefined;
      const idle = setTimeout(() => {
        closeIdle();
        again = setInterval(closeIdle, 50);
      }, IDLE_GRACE_MS);
      let cutOff: ServerResponse[] = [];
      const cut = setTimeout(() => {
        cutOff = [...unanswered.keys()].filter((res) => !res.writableFinished);
        for (const res of cutOff) cutOffAnswers.add(res);
        for (const socket of sockets) socket.destroy();
      }, mostMs);
      await closed;
      clearTimeout(idle);
      clearInterval(again);
      clearTimeout(cut);
      // Else the process may exit before they are accounted for.
      await Promise.all(cutOff.filter((res) => !res.closed).map((res) => once(res, 'close')));
      return cutOff.length;
    },
  };
}

/** Resolves when every connection has ended. `http.Server.close` would also break idle connections at once, and with them requests on their way. */
function stopAccepting(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    TcpServer.prototype.close.call(server, () => {
      // Stops Node's own connection checks, which `TcpServer.close` does not know of.
      server.close();
      resolve();
    });
  });
}

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer };

/** A request line that is in order but for its method. */
const UNKNOWN_METHOD = /^[!#$%&'*+.^_`|~\w-]+ \S+ HTTP\/1\.[01]\r\n/;

function malformedRequest(error: ClientError): HttpProblem {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem('bad_request', `request line and headers are larger than ${MAX_HEADER_BYTES} bytes`, {
        status: 431,
      });
    case 'HPE_INVALID_URL':
      return new HttpProblem('bad_request', 'the request target must be percent-encoded ASCII (RFC 3986 §2.1)');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpProblem('bad_request', 'the request took too long to arrive', { status: 408 });
    case 'HPE_INVALID_METHOD':
      if (UNKNOWN_METHOD.test(error.rawPacket?.toString('latin1') ?? '')) {
        return new HttpProblem('bad_request', 'this method does not exist here', { status: 405, allow: 'GET, HEAD' });
      }
      return new HttpProblem('bad_request', 'this is not an HTTP/1.1 request');
    default:
      return new HttpProblem('bad_request', 'this is not an HTTP/1.1 request');
  }
}
