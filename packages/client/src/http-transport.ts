import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { HEADERS, ID_PATTERN } from '@halfopen/contracts';
import {
  abortError,
  type CallContext,
  CallError,
  type CallErrorCode,
  type Clock,
  type Endpoint,
  isCallError,
  LEAST_USEFUL_MS,
  systemClock,
} from '@halfopen/resilience';
import { Axios } from 'axios';
import { buildConnector, errors, Pool } from 'undici';
import { type KeptConnections, keptConnections } from './kept-connections.ts';
import { parseRetryAfterMs } from './retry-after.ts';
import type { Transport } from './transport.ts';
import { ForeignAnswerError, markIfKept, transportError } from './transport-error.ts';
import { undiciAdapter } from './undici-adapter.ts';

export interface HttpTransportOptions {
  /** Sockets to one endpoint at the most, and as many again for operations that must not be repeated; `Infinity` for no limit. Default 128. */
  readonly maxConnections?: number;
  /** Bytes of a response body at the most; one more is a `bad_response`, and the connection is closed. Default 65,536. */
  readonly maxResponseBytes?: number;
  /** The product that calls (RFC 9110 §10.1.5): tells callers of a service apart. Default `halfopen`. */
  readonly userAgent?: string;
  /** Milliseconds for a connection to be made. Default 1,000. */
  readonly connectTimeoutMs?: number;
  /** Called when a connection has ended or could not be made, or an attempt met silence: the endpoint may be gone. */
  readonly onDisconnect?: () => void;
  /** Turns `deadlineAt` into the header's "milliseconds left". Default: the process's clock. */
  readonly clock?: Clock;
}

export interface HttpTransport extends Transport {
  /** Closes the connections to an endpoint that is gone, once the requests on them have ended. */
  forget(endpoint: Endpoint): void;
  /** Closes every connection, once the requests on them have ended. */
  close(): Promise<void>;
}

/**
 * How long an idle connection is kept; less where the server says so. Shorter than any server's usual idle limit (Node's
 * is 5 s): who closes first must be the client, or a request meets a closing socket (node #20256). Not longer where the
 * server says that it may be, either: what an outage has opened is to be gone soon after it.
 */
const IDLE_MS = 4_000;

/** For all headers of an answer. Ours are a few hundred bytes; parsing what a hostile one sends costs this process's time. */
const MAX_HEADER_BYTES = 8_192;

/** Failures after which the endpoint may be gone: a silent one is often a host that is no more. */
const LOOKS_GONE: ReadonlySet<CallErrorCode> = new Set(['unreachable', 'connection_lost', 'attempt_timeout']);

/**
 * HTTP to a downstream: axios is the interface, undici's pools (one an endpoint) do the I/O. No redirects, no proxies
 * from the environment, responses capped, no limit on the time of a request: the policies above decide how long anything may take.
 * @param origin where an attempt goes for which no balancer has chosen an endpoint: `http://127.0.0.1:5000`
 */
export function httpTransport(origin: string, options: HttpTransportOptions = {}): HttpTransport {
  const { clock = systemClock } = options;
  const usual: Endpoint = { origin, host: new URL(origin).host };
  const connections = new Map<string, Connections>();

  const connectionTo = (endpoint: Endpoint) => {
    let connection = connections.get(endpoint.origin);
    if (connection === undefined) {
      connection = connect(endpoint, options, keptConnections(clock));
      connections.set(endpoint.origin, connection);
    }
    return connection;
  };

  const forget = ({ origin: gone }: Endpoint) => {
    const connection = connections.get(gone);
    connections.delete(gone);
    if (connection !== undefined) end(connection);
  };

  /** New connections in the place of those that may have been shifted; what is known of the endpoint stays known. */
  const renew = (endpoint: Endpoint, shifted: Connections) => {
    if (connections.get(endpoint.origin) !== shifted) return;
    connections.set(endpoint.origin, connect(endpoint, options, shifted.worth));
    end(shifted);
  };

  return {
    async send(request, context) {
      const { signal, endpoint = usual, operation } = context;
      const connection = connectionTo(endpoint);
      const { kept, once, worth } = connection;
      let isKept = operation.safety !== 'unsafe' && worth.trusted;
      try {
        const headers = requestHeaders(context, endpoint, clock);
        isKept &&= worth.tells(String(headers[HEADERS.requestId]), `${request.method} ${request.target}`);
        const response = await (isKept ? kept : once).http.request<Uint8Array>({
          method: request.method,
          url: request.target,
          headers,
          signal,
        });
        const answered = response.headers[HEADERS.requestId];
        const isNamed = answered === headers[HEADERS.requestId];
        if (isKept) {
          if (!isNamed && (answered !== undefined || isBelieved(response.status))) throw new ForeignAnswerError();
          worth.answered();
        } else {
          worth.answeredOnce(isNamed);
        }
        return {
          status: response.status,
          ageMs: ageMsOf(response.headers.age),
          cacheControl: textHeader(response.headers['cache-control']),
          contentEncoding: textHeader(response.headers['content-encoding']),
          contentType: textHeader(response.headers['content-type']),
          retryAfterMs: parseRetryAfterMs(textHeader(response.headers[HEADERS.retryAfter]), Date.now()),
          fault: faultOf(response.headers[HEADERS.faultInjected]),
          body: response.data,
        };
      } catch (error) {
        const failure = signal.aborted ? abortError(signal) : transportError(error);
        if (failure instanceof ForeignAnswerError) {
          worth.shifted();
          renew(endpoint, connection);
        }
        if (isCallError(failure) && failure.staleConnection) worth.broke();
        if (isCallError(failure) && LOOKS_GONE.has(failure.code)) options.onDisconnect?.();
        throw failure;
      }
    },
    forget,
    async close() {
      await Promise.all([...connections.values()].flatMap(poolsOf).map(({ pool }) => pool.close()));
    },
  };
}

interface HttpPool {
  readonly pool: Pool;
  readonly http: Axios;
}

/** The connections to one endpoint. */
interface Connections {
  /** Used again and again. */
  readonly kept: HttpPool;
  /**
   * Used for one request each: where kept ones cannot be trusted, and for operations that must not be repeated. A kept
   * connection may be closing just as it is used (node #20256), and nobody could say whether the work was done.
   */
  readonly once: HttpPool;
  readonly worth: KeptConnections;
}

const poolsOf = ({ kept, once }: Connections): HttpPool[] => [kept, once];

function end(connection: Connections): void {
  for (const { pool } of poolsOf(connection)) {
    // Requests that wait for a connection to what is gone would wait until their timeout; those that have one may
    // still be answered. Either rejects only if it has been closed before.
    const ended = pool.stats.connected === 0 ? pool.destroy() : pool.close();
    ended.catch(() => undefined);
  }
}

function connect(endpoint: Endpoint, options: HttpTransportOptions, worth: KeptConnections): Connections {
  const kept = createPool(endpoint, options, 1);
  const once = createPool(endpoint, options, 0);
  const { onDisconnect } = options;
  if (onDisconnect !== undefined) {
    kept.pool.on('disconnect', onDisconnect).on('connectionError', onDisconnect);
    once.pool.on('connectionError', onDisconnect);
  }
  return { kept, once, worth };
}

/** @param pipelining 1: one request after another on each connection; 0: one request on each (undici's words) */
function createPool({ origin, host }: Endpoint, options: HttpTransportOptions, pipelining: 0 | 1): HttpPool {
  const { maxConnections = 128, maxResponseBytes = 65_536, connectTimeoutMs = 1_000, userAgent = 'halfopen' } = options;
  const pool = new Pool(origin, {
    // null: undici's word for no limit.
    connections: maxConnections === Number.POSITIVE_INFINITY ? null : maxConnections,
    pipelining,
    allowH2: false,
    // The certificate is for the name, though the connection goes to one of its addresses.
    connect: watched(buildConnector({ timeout: 0, servername: new URL(`http://${host}`).hostname }), connectTimeoutMs),
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: maxResponseBytes,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  // Not `axios.create`: its defaults (headers for every method, transforms, XSRF, …) are merged anew for every request, and
  // that costs more than the request. Statuses and bodies are judged against the contract, not by axios.
  const http = new Axios({
    adapter: undiciAdapter(pool, maxResponseBytes),
    headers: { accept: 'application/json', 'user-agent': userAgent },
  });
  return { pool, http };
}

/**
 * undici says of some of its errors what the connection had done before, but not of the system's. And its own connect
 * timeout is kept by timers of half a second's resolution: 250 ms became more than the 500 of an attempt (8.12.4).
 */
function watched(connector: buildConnector.connector, connectTimeoutMs: number): buildConnector.connector {
  return (options, callback) => {
    let settled = false;
    // The types do not say so: undici returns the socket.
    const connecting = connector(options, (...result) => {
      settled = true;
      clearTimeout(timer);
      const [, socket] = result;
      socket?.prependListener('error', (error) => markIfKept(error, socket.bytesRead));
      callback(...result);
    }) as unknown as Socket;
    const timer = setTimeout(() => {
      // After a stall of this process the connection may be there, not yet seen.
      setImmediate(() => {
        if (!settled) connecting.destroy(new errors.ConnectTimeoutError(`none within ${connectTimeoutMs} ms`));
      });
    }, connectTimeoutMs);
  };
}

function requestHeaders(
  { headers, attempt, deadlineAt }: CallContext,
  { host }: Endpoint,
  clock: Clock,
): Record<string, string> {
  const along: Record<string, string> = { ...headers, host, [HEADERS.attempt]: String(attempt) };
  // By it we know our answer.
  along[HEADERS.requestId] ??= randomUUID();
  if (deadlineAt !== Number.POSITIVE_INFINITY) {
    const leftMs = Math.floor(deadlineAt - clock.now());
    if (leftMs < LEAST_USEFUL_MS) throw new CallError('deadline_exceeded', 'no time left to start another attempt');
    along[HEADERS.deadlineMs] = String(leftMs);
  }
  return along;
}

/** Whether a caller would be given what such an answer says. The others are failures, whoever's they are. */
const isBelieved = (status: number) => status < 500 && status !== 429;

/** A header that came twice is no header at all: neither value can be trusted. */
function textHeader(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What cannot be read (RFC 9111 §5.1: whole seconds, once) is taken for as old as can be: nobody knows how old it is. */
function ageMsOf(value: unknown): number {
  if (value === undefined) return 0;
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) * 1_000 : Number.POSITIVE_INFINITY;
}

/** An id, or nothing: it goes into traces and headers of ours. */
function faultOf(value: unknown): string | undefined {
  return typeof value === 'string' && ID_PATTERN.test(value) ? value : undefined;
}
