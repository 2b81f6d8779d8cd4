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
import { type AddressInfo, type Socket, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { HttpProblem, renderProblem, sendProblem } from './http-problem.ts';

/** How long a server waits for its callers. All in milliseconds. */
export interface Patience {
  /** For all headers of a request. A slow sender (slowloris) is answered 408. Default 10,000. */
  readonly headersTimeout: number;
  /** For a whole request, including its body. Default 15,000. */
  readonly requestTimeout: number;
  /** How often the two limits are checked. Default 1,000. */
  readonly connectionsCheckingInterval: number;
  /**
   * For an idle connection. It must be longer than clients keep one, so that the client closes first: a request that meets
   * a closing connection is lost (node #20256). AWS's load balancers keep one for 60 s by default, Google's for 600 s.
   * Default 620,000.
   */
  readonly keepAliveTimeout: number;
}

const PATIENCE: Patience = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 620_000,
};

/** The largest request line plus headers. */
const MAX_HEADER_BYTES = 16_384;

/** On shutdown, idle connections stay open for this long, because a request may be on its way. */
const IDLE_GRACE_MS = 500;

/** After the last answer of a connection, a caller that still sends is read for this long at most, and this long between two reads. */
const LINGER_MS = 15_000;
const LINGER_IDLE_MS = 2_000;

/** A listening socket that speaks HTTP/1.1, and its graceful end. */
export interface HttpServer {
  /**
   * @param port 0: the system picks a free one
   * @throws Error with `code` EADDRINUSE, EACCES, EADDRNOTAVAIL and so on
   */
  listen(host: string, port: number): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * Accepts connections for `drainMs` more, and closes each after its answer. Then it stops accepting, waits for the
   * requests in flight, and closes connections as they become idle.
   * @param mostMs milliseconds that requests in flight have after the drain; then their connections are cut
   * @param drainMs milliseconds
   * @returns the number of requests that were cut off
   */
  close(mostMs: number, drainMs: number): Promise<number>;
}

/** Called for each request that was refused before a handler saw it. */
export type OnRefused = (problem: HttpProblem, status: number, requestId: string) => void;

const cutOffAnswers = new WeakSet<ServerResponse>();

/** Whether the server cut the connection of `res` because the shutdown took too long. */
export function isCutOff(res: ServerResponse): boolean {
  return cutOffAnswers.has(res);
}

/**
 * An HTTP server that answers with problem documents, even for requests that Node refuses before a handler sees them.
 *
 * A caller that half-closes its connection before it has its answer is treated as gone, as in nginx and Go's net/http:
 * a caller that left sends the same FIN, and work for nobody must end at once. Node does this by itself.
 * @param onRefused called for each request that no handler sees
 * @param patience replaces single defaults
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
  /** Those that have got their last answer. */
  const lingering = new WeakSet<Duplex>();
  let closing = false;

  const limits = { ...PATIENCE, ...patience, maxHeaderSize: MAX_HEADER_BYTES };
  const server = createServer({ ...limits, requireHostHeader: false }, (req, res) => {
    unanswered.set(res, req.socket);
    latest.set(req.socket, req);
    res.once('close', () => unanswered.delete(res));
    if (closing) res.shouldKeepAlive = false;
    handler(req, res);
  });
  // Without a listener, Node sends 100 at once, and the caller sends a whole body to learn that it is refused.
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    continueOnRead(req, res, () => closing);
    server.emit('request', req, res);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      // Node forgets a request once it is answered: a handler that still reads its body would wait for ever.
      const req = latest.get(socket);
      if (req?.complete === false) req.destroy();
    });
    // What Node calls after the last answer of a connection.
    socket.destroySoon = () => linger(socket);
  });

  /**
   * Closes a connection so that its last answer arrives. To close while the caller still sends is a reset, which destroys
   * what the caller has not read yet. So only our side is closed; what still comes is discarded until the caller closes
   * the other side (RFC 9112 §9.6).
   */
  const linger = (socket: Socket) => {
    if (lingering.has(socket)) return;
    lingering.add(socket);
    // From here on Node's parser must see nothing: it would answer a further request, or refuse it.
    socket.removeAllListeners('data');
    socket.on('data', () => idle.refresh());
    socket.on('error', () => undefined);
    const destroy = () => socket.destroy();
    const idle = setTimeout(destroy, LINGER_IDLE_MS).unref();
    const most = setTimeout(destroy, LINGER_MS).unref();
    socket.once('end', destroy).once('close', () => {
      clearTimeout(idle);
      clearTimeout(most);
    });
    socket.end();
    socket.resume();
  };
  // Without a listener, Node answers 417 by itself, without our headers.
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    server.emit('request', req, res);
  });

  const refuse = (problem: HttpProblem, socket: Socket) => {
    const requestId = randomUUID();
    const { status, headers, body } = renderProblem(problem, requestId);
    const all = { date: new Date().toUTCString(), ...headers, connection: 'close' };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
    linger(socket);
    onRefused(problem, status, requestId);
  };
  // Without a listener, Node closes these connections without an answer.
  server.on('connect', (_req, socket: Socket) => {
    refuse(
      new HttpProblem('bad_request', 'CONNECT is not allowed here', { status: 405, allow: 'GET, HEAD, OPTIONS' }),
      socket,
    );
  });
  server.on('clientError', (error: ClientError, socket: Socket) => {
    // Node's limits on time and the caller's end do not matter any more.
    if (lingering.has(socket)) return;
    const answering = [...unanswered].filter(([, of]) => of === socket).at(-1)?.[0];
    if (answering !== undefined) {
      // An earlier request on this connection still waits for its answer. Nothing after it can be answered.
      answering.shouldKeepAlive = false;
      answering.once('close', () => linger(socket));
      // Its handler may wait for the rest of a body that does not come.
      const { req } = answering;
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && !req.complete && !answering.headersSent) {
        const problem = malformedRequest(error);
        const requestId = randomUUID();
        sendProblem(answering, problem, requestId);
        onRefused(problem, problem.status, requestId);
      }
    } else if (!socket.writable || error.code === 'ECONNRESET' || latest.get(socket)?.complete === false) {
      // The caller is gone, or its request was answered while its body was still arriving: it would take a second answer
      // for the answer to its next request.
      socket.destroy();
    } else {
      refuse(malformedRequest(error), socket);
    }
  });

  /**
   * Makes answers that have not begun close their connection. Only the last answer of each connection may do that: the
   * answers behind it would be lost.
   */
  const closeAfterAnswers = () => {
    const last = new Map([...unanswered].map(([res, socket]) => [socket, res]));
    for (const res of last.values()) if (!res.headersSent) res.shouldKeepAlive = false;
  };
  // Node's own `closeIdleConnections` skips connections that never sent a request.
  const closeIdle = () => {
    const busy = new Set(unanswered.values());
    for (const socket of sockets) if (!busy.has(socket) && !lingering.has(socket)) socket.destroy();
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
      // Otherwise the process could exit before these requests are logged and counted.
      await Promise.all(cutOff.filter((res) => !res.closed).map((res) => once(res, 'close')));
      return cutOff.length;
    },
  };
}

/**
 * Sends 100 (Continue) when the handler begins to read the body. If it answers without reading, the caller gets only that
 * answer (RFC 9110 §10.1.1), and the connection closes: whether the body follows all the same is up to the caller.
 */
function continueOnRead(req: IncomingMessage, res: ServerResponse, isClosing: () => boolean): void {
  const keepAlive = res.shouldKeepAlive;
  res.shouldKeepAlive = false;
  let asked = false;
  const ask = () => {
    if (asked || res.headersSent) return;
    asked = true;
    res.shouldKeepAlive = keepAlive && !isClosing();
    res.writeContinue();
  };
  // What reads with `data`, `pipe` and `resume`; and what reads with `readable` and `for await`.
  req.once('resume', ask);
  req.on('newListener', (event) => {
    if (event === 'readable') ask();
  });
}

/**
 * Resolves when every connection has ended. `http.Server.close` would also cut idle connections at once, and with them
 * requests that are on their way.
 */
function stopAccepting(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    TcpServer.prototype.close.call(server, () => {
      // Stops the timer of Node's connection checks. `TcpServer.close` does not know it.
      server.close();
      resolve();
    });
  });
}

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer };

/** A well-formed request line whose method Node does not know. */
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
        return new HttpProblem('bad_request', 'this method is not known here', {
          status: 405,
          allow: 'GET, HEAD, OPTIONS',
        });
      }
      return new HttpProblem('bad_request', 'this is not an HTTP/1.1 request');
    default:
      return new HttpProblem('bad_request', 'this is not an HTTP/1.1 request');
  }
}
