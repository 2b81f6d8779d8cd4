import { randomUUID } from 'node:crypto';
import { HEADERS, ID_PATTERN, trimOws } from '@halfopen/contracts';
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
import { errors, Pool } from 'undici';
import { MAX_HEAD_BYTES } from './answer-heads.ts';
import { endpointConnector } from './connector.ts';
import { type AnswerMark, type KeptConnections, keptConnections, type Question } from './kept-connections.ts';
import { parseRetryAfterMs } from './retry-after.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';
import { transportError } from './transport-error.ts';
import { undiciAdapter } from './undici-adapter.ts';

export interface HttpTransportOptions {
  /**
   * Most sockets to one endpoint that are kept, and as many again that carry one request each. `Infinity` for no limit. Default 128.
   */
  readonly maxConnections?: number;
  /** Most bytes of a response body. A longer one is a `bad_response`, and the connection is closed. Default 65,536. */
  readonly maxResponseBytes?: number;
  /** The product that calls (RFC 9110 §10.1.5), by which a service can tell its callers apart. Default `halfopen`. */
  readonly userAgent?: string;
  /** Milliseconds in which a connection must be made. Default 1,000. */
  readonly connectTimeoutMs?: number;
  /** Called when a connection has ended or could not be made, or an attempt was not answered: the endpoint may be gone. */
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
 * How long an idle connection is kept, or less if the server says so. Shorter than any server's usual idle limit (Node's is 5 s): if
 * the server closes first, a request meets a closing socket (node #20256). Not longer, even if the server allows it: the connections
 * that an outage has opened should be gone soon after it.
 */
const IDLE_MS = 4_000;

/** Failures after which the endpoint may be gone. An endpoint that does not answer is often a host that no longer exists. */
const LOOKS_GONE: ReadonlySet<CallErrorCode> = new Set(['unreachable', 'connection_lost', 'attempt_timeout']);

/**
 * Statuses that speak of the connection and not of the request: a safe request may be repeated on another one (RFC 9110 §15.5.9,
 * §15.5.20). A proxy that closes an idle connection sends a 408 first.
 */
const OF_THE_CONNECTION: ReadonlySet<number> = new Set([408, 421]);

/**
 * HTTP to a downstream. axios is the interface; undici's pools do the I/O, two for each endpoint. It follows no redirects, uses no
 * proxies from the environment, caps responses, and does not limit the time of a request: the policies decide that.
 *
 * A safe or idempotent request uses a kept connection. If the answer there speaks of the connection, or may belong to another request
 * (`keptConnections`), the request is repeated once on a connection of its own, as part of the same attempt.
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
    // Its other addresses may have changed.
    connection.endpoint = endpoint;
    return connection;
  };

  const forget = ({ origin: gone }: Endpoint) => {
    const connection = connections.get(gone);
    connections.delete(gone);
    if (connection !== undefined) end(connection);
  };

  /** Replaces connections that may have been shifted. What is known about the endpoint stays known. */
  const renew = (endpoint: Endpoint, shifted: Connections) => {
    if (connections.get(endpoint.origin) !== shifted) return;
    connections.set(endpoint.origin, connect(endpoint, options, shifted.worth));
    end(shifted);
  };

  /** @returns the answer, or `undefined` if the request is to be repeated on a connection of its own */
  const sendOnKept = async (exchange: Exchange, endpoint: Endpoint, connection: Connections) => {
    const { kept, worth } = connection;
    const answer = await carry(kept, exchange);
    if (OF_THE_CONNECTION.has(answer.response.status)) {
      worth.broke();
      return undefined;
    }
    if (worth.accepts(exchange.question, answer.mark)) return answer.response;
    worth.shifted();
    renew(endpoint, connection);
    return undefined;
  };

  const sendOnce = async (exchange: Exchange, endpoint: Endpoint) => {
    const { once, worth } = connectionTo(endpoint);
    const { response, mark } = await carry(once, exchange);
    worth.answeredOnce(exchange.question, mark);
    return response;
  };

  return {
    async send(toSend, context) {
      const { signal, endpoint = usual, operation } = context;
      const connection = connectionTo(endpoint);
      const { worth } = connection;
      try {
        const exchange = exchangeOf(toSend, context, endpoint, clock);
        const mayKeep = worth.mayCarry(exchange.question) && operation.safety !== 'unsafe';
        const answer = mayKeep ? await sendOnKept(exchange, endpoint, connection) : undefined;
        if (answer !== undefined) return answer;
        // After a first request, less time is left.
        return await sendOnce(mayKeep ? exchangeOf(toSend, context, endpoint, clock) : exchange, endpoint);
      } catch (error) {
        const failure = signal.aborted ? abortError(signal) : transportError(error);
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

/** One request, ready to be sent. */
interface Exchange extends TransportRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly question: Question;
}

function exchangeOf(request: TransportRequest, context: CallContext, endpoint: Endpoint, clock: Clock): Exchange {
  const { method, target } = request;
  const headers = requestHeaders(context, endpoint, clock);
  const question = { id: String(headers[HEADERS.requestId]), text: `${method} ${target}` };
  return { method, target, headers, signal: context.signal, question };
}

async function carry(
  { http }: HttpPool,
  { method, target, headers, signal }: Exchange,
): Promise<{ response: TransportResponse; mark: AnswerMark }> {
  const answer = await http.request<Uint8Array>({ method, url: target, headers, signal });
  const { status, data: body, headers: given } = answer;
  return {
    response: {
      status,
      ageMs: ageMsOf(given.age),
      cacheControl: variesByMore(textHeader(given.vary)) ? 'no-store' : textHeader(given['cache-control']),
      contentEncoding: textHeader(given['content-encoding']),
      contentType: textHeader(given['content-type']),
      retryAfterMs: parseRetryAfterMs(textHeader(given[HEADERS.retryAfter]), Date.now(), textHeader(given.date)),
      fault: faultOf(given[HEADERS.faultInjected]),
      body,
    },
    mark: { id: textHeader(given[HEADERS.requestId]), believed: isBelieved(status) },
  };
}

interface HttpPool {
  readonly pool: Pool;
  readonly http: Axios;
}

/** The connections to one endpoint. */
interface Connections {
  endpoint: Endpoint;
  /** For many requests each. */
  readonly kept: HttpPool;
  /**
   * For one request each: when kept ones cannot be trusted, and for operations that must not be repeated. A kept connection may be
   * closing just as it is used (node #20256), and then nobody knows whether the work was done.
   */
  readonly once: HttpPool;
  readonly worth: KeptConnections;
}

const poolsOf = ({ kept, once }: Connections): HttpPool[] => [kept, once];

function end(connection: Connections): void {
  for (const { pool } of poolsOf(connection)) {
    // Without a connection, requests would wait for one until their timeout. With one, they may still be answered.
    const ended = pool.stats.connected === 0 ? pool.destroy() : pool.close();
    // Rejects only if the pool was closed before.
    ended.catch(() => undefined);
  }
}

function connect(endpoint: Endpoint, options: HttpTransportOptions, worth: KeptConnections): Connections {
  const current = () => connections.endpoint;
  const kept = createPool(endpoint, current, options, 1);
  const once = createPool(endpoint, current, options, 0);
  const connections: Connections = { endpoint, kept, once, worth };
  kept.pool.on('disconnect', (_origin, _targets, error) => {
    if (isUnasked(error)) worth.spokeUnasked();
  });
  const { onDisconnect } = options;
  if (onDisconnect !== undefined) {
    kept.pool.on('disconnect', onDisconnect).on('connectionError', onDisconnect);
    once.pool.on('connectionError', onDisconnect);
  }
  return connections;
}

/** undici's words for an answer on an idle connection. */
function isUnasked(error: Error): boolean {
  return error instanceof errors.SocketError && error.message === 'bad response';
}

/** @param pipelining undici's option. 1: one request after another on each connection; 0: one request on each */
function createPool(
  { origin }: Endpoint,
  current: () => Endpoint,
  options: HttpTransportOptions,
  pipelining: 0 | 1,
): HttpPool {
  const { maxConnections = 128, maxResponseBytes = 65_536, connectTimeoutMs = 1_000, userAgent = 'halfopen' } = options;
  const pool = new Pool(origin, {
    // undici's value for no limit is null.
    connections: maxConnections === Number.POSITIVE_INFINITY ? null : maxConnections,
    pipelining,
    allowH2: false,
    connect: endpointConnector(current, connectTimeoutMs),
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: maxResponseBytes,
    maxHeaderSize: MAX_HEAD_BYTES,
  });
  // Not `axios.create`: its defaults (headers for every method, transforms, XSRF, …) are merged anew for every request, which
  // costs more than the request. The contract judges statuses and bodies, not axios.
  const http = new Axios({
    adapter: undiciAdapter(pool, maxResponseBytes),
    // Without it, every content coding would be acceptable to us (RFC 9110 §12.5.3).
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': userAgent },
  });
  return { pool, http };
}

function requestHeaders(
  { headers, attempt, deadlineAt }: CallContext,
  { host }: Endpoint,
  clock: Clock,
): Record<string, string> {
  const along: Record<string, string> = { ...headers, host, [HEADERS.attempt]: String(attempt) };
  // By it we recognize our answer.
  along[HEADERS.requestId] ??= randomUUID();
  if (deadlineAt !== Number.POSITIVE_INFINITY) {
    const leftMs = Math.floor(deadlineAt - clock.now());
    if (leftMs < LEAST_USEFUL_MS) throw new CallError('deadline_exceeded', 'no time left to start another attempt');
    along[HEADERS.deadlineMs] = String(leftMs);
  }
  return along;
}

/** Whether a caller would be given what such an answer says. Any other answer is a failure, whoever sent it. */
const isBelieved = (status: number) => status < 500 && status !== 429;

/** A header that came twice counts as absent: neither value can be trusted. */
function textHeader(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What differs in every request, and is no part of the question. `*`: anything may (RFC 9110 §12.5.5). */
const DIFFERENT_EACH_TIME: ReadonlySet<string> = new Set([
  '*',
  HEADERS.requestId,
  HEADERS.traceparent,
  HEADERS.tracestate,
  HEADERS.attempt,
  HEADERS.deadlineMs,
]);

/** Whether an answer cannot be used for any other request (RFC 9111 §4.1). Other headers are a part of the question. */
function variesByMore(vary: string | undefined): boolean {
  return vary !== undefined && vary.split(',').some((name) => DIFFERENT_EACH_TIME.has(trimOws(name).toLowerCase()));
}

/** An Age that cannot be read (RFC 9111 §5.1: whole seconds, once) counts as infinite: nobody knows how old the answer is. */
function ageMsOf(value: unknown): number {
  if (value === undefined) return 0;
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) * 1_000 : Number.POSITIVE_INFINITY;
}

/** An id, or nothing: it goes into our traces and headers. */
function faultOf(value: unknown): string | undefined {
  return typeof value === 'string' && ID_PATTERN.test(value) ? value : undefined;
}
