import { type Contract, PROBLEMS } from '@halfopen/contracts';
import type { Tracer } from '@opentelemetry/api';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import type { Registry } from 'prom-client';
import { type AdmissionOptions, createAdmission } from './admission.ts';
import { httpServerMetrics } from './http-metrics.ts';
import { HttpProblem, sendProblem, toHttpProblem } from './http-problem.ts';
import { createHttpServer, isCutOff, type OnRefused } from './http-server.ts';
import type { Logger } from './log.ts';
import { mountDocs } from './openapi-docs.ts';
import { requireMs } from './option-ranges.ts';
import { checkPreconditions } from './preconditions.ts';
import { createRepeats, type Repeats } from './repeats.ts';
import { openRequest, type RequestRecord, recordOf } from './request-context.ts';
import type { Route } from './route.ts';
import { endServerSpan } from './server-span.ts';
import { foreignPage } from './web-pages.ts';

/** What `createService` needs to build a service. */
export interface ServiceOptions {
  /** What the service offers. Its name is the service's name in the log. */
  readonly contract: Contract;
  /** One route for each operation of the contract. */
  readonly routes: readonly Route[];
  /** The longest that a request may take, in milliseconds, at least 1. A caller can ask for less (`x-deadline-ms`). */
  readonly deadlineMs: number;
  /**
   * How long the service accepts connections after `/readyz` has turned 503, in milliseconds, at least 0. A load balancer
   * needs this time to route around it: the kernel resets connections that arrive while a listener closes.
   */
  readonly drainMs: number;
  /**
   * How long an idle connection is kept, in milliseconds. Longer than callers and load balancers keep theirs, or requests
   * are lost. Default: 620,000.
   */
  readonly keepAliveTimeoutMs?: number;
  /** How many requests are in progress and in the queue at most. */
  readonly admission: AdmissionOptions;
  readonly log: Logger;
  /** Where the metrics of the service are registered. `/metrics` shows all of it. */
  readonly registry: Registry;
  /** Middleware that runs after admission and before the routes, such as fault injection. Default: none. */
  readonly before?: RequestHandler | readonly RequestHandler[];
  /** The reason for `/readyz` to answer 503 while the service runs; `undefined` while it is ready. Default: always ready. */
  readonly notReady?: () => string | undefined;
  /** Request headers that are passed on to every service called for a request, besides id, trace and deadline. Default: none. */
  readonly passedOn?: readonly string[];
  /** Records a span for each request that its sampler selects. Default: no spans. */
  readonly tracer?: Tracer | undefined;
  /** Whether `/openapi.json` and `/docs` are served. Default: false. */
  readonly docs?: boolean;
  /**
   * Host names under which the ops port answers, besides IP addresses, `localhost`, names without a dot, names of a cluster
   * and the host it listens on. Any other host could be that of a web page. Default: none.
   */
  readonly allowedHosts?: readonly string[];
  /** Adds routes to the ops port. Default: none. */
  readonly mountOps?: (ops: Express) => void;
  /** Called during `close`, when no request is left: frees what the routes hold. Default: nothing to free. */
  readonly release?: () => Promise<void>;
}

/** Where a service listens. */
export interface Addresses {
  /** Address or host name, for both ports. */
  readonly host: string;
  /** Public port. 0: the system picks a free one. */
  readonly port: number;
  /** Port of health, metrics and switches. 0: the system picks a free one. */
  readonly opsPort: number;
}

/** A service, as `createService` returns it. */
export interface Service {
  readonly name: string;
  readonly log: Logger;
  readonly registry: Registry;
  /**
   * Listens on both ports. Either both are open afterwards, or neither.
   * @throws ListenError if a port cannot be opened
   */
  listen(addresses: Addresses): Promise<{ readonly url: string; readonly opsUrl: string }>;
  /**
   * Shuts down gracefully: `/readyz` turns 503; after `drainMs` the public port stops accepting; requests in flight end;
   * idle connections close; then the ops port closes.
   * @param mostMs milliseconds that requests in flight have after the drain; then their connections are cut. Default 10,000
   */
  close(mostMs?: number): Promise<void>;
}

/** A port could not be opened. `code` is Node's error code, such as `EADDRINUSE`. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly which: 'port' | 'opsPort';
  readonly code: string;

  constructor(which: 'port' | 'opsPort', code: string, cause: unknown) {
    super(`cannot listen (${code})`, { cause });
    this.which = which;
    this.code = code;
  }
}

/**
 * Builds a service: the routes of a contract on a public port; health, metrics and switches on an ops port; admission,
 * deadlines, problem documents and a graceful shutdown. It listens only after `listen`.
 * @throws Error if an operation of the contract has no route
 * @throws RangeError if a number among the options is out of range
 */
export function createService(options: ServiceOptions): Service {
  const { log, registry, contract } = options;
  requireEveryRoute(options);
  requireMs('deadlineMs', options.deadlineMs, 1);
  requireMs('drainMs', options.drainMs, 0);
  if (options.keepAliveTimeoutMs !== undefined) requireMs('keepAliveTimeoutMs', options.keepAliveTimeoutMs, 1);
  const state: State = { ready: false, hosts: options.allowedHosts ?? [] };
  const repeats = createRepeats(log);
  const onRefused: OnRefused = (problem, status, requestId) => {
    log[repeats.mayWrite('refused unread') ? 'info' : 'debug'](
      { requestId, status, outcome: problem.code, detail: problem.message },
      'request refused unread',
    );
  };
  const { keepAliveTimeoutMs: keepAliveTimeout } = options;
  const patience = keepAliveTimeout === undefined ? {} : { keepAliveTimeout };
  const server = createHttpServer(publicApp(options, repeats), onRefused, patience);
  const opsServer = createHttpServer(opsApp(options, state, repeats), onRefused, patience);

  return {
    name: contract.name,
    log,
    registry,
    async listen({ host, port, opsPort }) {
      state.hosts = [...(options.allowedHosts ?? []), host.toLowerCase()];
      const ops = await opsServer.listen(host, opsPort).catch((error) => {
        throw new ListenError('opsPort', error.code, error);
      });
      const { url } = await server.listen(host, port).catch(async (error) => {
        await opsServer.close(0, 0);
        throw new ListenError('port', error.code, error);
      });
      state.ready = true;
      return { url, opsUrl: ops.url };
    },
    async close(mostMs = 10_000) {
      state.ready = false;
      const cutOff = await server.close(mostMs, options.drainMs);
      if (cutOff > 0) log.warn({ requests: cutOff, mostMs }, 'requests were cut off: they did not end in time');
      await options.release?.();
      await opsServer.close(0, 0);
      repeats.flush();
    },
  };
}

/** `/openapi.json` would promise an operation that answers 404. */
function requireEveryRoute({ contract, routes }: ServiceOptions): void {
  const served = new Set(routes.map(({ operation }) => operation.name));
  const missing = Object.values(contract.operations).filter(({ name }) => !served.has(name));
  if (missing.length > 0) {
    throw new Error(`${contract.name} has no route for ${missing.map(({ name }) => name).join(', ')}`);
  }
}

function publicApp(options: ServiceOptions, repeats: Repeats): Express {
  const { contract, routes, log, registry, before } = options;
  const rules = { mostMs: options.deadlineMs, passedOn: options.passedOn ?? [], tracer: options.tracer };
  const metrics = httpServerMetrics(registry);
  const paths = new Set<string>(routes.map(({ operation }) => operation.path));
  const app = bareApp();
  const account = (record: RequestRecord, method: string, res: Response) => {
    const durationMs = performance.now() - record.startedAt;
    const cancelled = record.problem?.code === 'cancelled';
    const cutOff = isCutOff(res);
    const status = cancelled || cutOff ? PROBLEMS[cancelled ? 'cancelled' : 'internal'].status : res.statusCode;
    // An answer that was cut off has no problem document, but it is still an error.
    const errorType = status < PROBLEMS.cancelled.status ? undefined : (record.problem?.code ?? 'internal');
    metrics.observe(method, record.route, status, errorType, durationMs / 1_000);
    endServerSpan(record, method, status);
    // A line for each refusal would cost an overloaded service more than the refusal itself. Metrics count them.
    const outcome = record.problem?.code ?? (record.degraded === undefined ? 'success' : 'degraded');
    const quiet =
      (cancelled && record.fault === undefined) ||
      record.refused ||
      (outcome !== 'success' && !repeats.mayWrite(outcome));
    log[quiet ? 'debug' : cutOff ? 'warn' : 'info'](
      {
        requestId: record.requestId,
        traceId: record.trace.traceId,
        spanId: record.trace.spanId,
        method,
        route: record.route,
        status,
        durationMs: Math.round(durationMs * 100) / 100,
        outcome,
        ...(record.degraded === undefined ? {} : { because: record.degraded }),
        ...(record.fault === undefined ? {} : { fault: record.fault }),
        // Only for failures of ours: the detail of a caller's mistake quotes what the caller sent, which may be secret.
        ...(status >= 500 ? { detail: record.problem?.detail } : {}),
      },
      'request',
    );
  };
  app.use((req, res, next) => {
    const refusal = openRequest(req, res, rules);
    const record = recordOf(res);
    // Set early, so that metrics also name the route of a request that is refused, or hit by a fault, before its handler.
    if (paths.has(req.path)) record.route = req.path;
    res.once('close', () => account(record, req.method, res));
    next(refusal);
  });
  const admission = createAdmission(options.admission);
  metrics.watch(admission);
  // One function for all requests: one closure per request, held by its record, survived minor collections (Node 24.21).
  const leave = () => admission.leave();
  app.use((_req, res, next) => {
    const record = recordOf(res);
    const start = () => {
      record.release = leave;
      res.once('close', () => {
        // If the caller leaves while the handler works, the place is freed when the handler ends, not now.
        if (!record.handling) record.release?.();
      });
      next();
    };
    admission.enter(record.signal, start, (refusal) => {
      record.refused = true;
      metrics.rejected();
      next(refusal);
    });
  });
  for (const handler of [before ?? []].flat()) app.use(handler);
  for (const { operation, answer } of routes) {
    const handle: RequestHandler = async (req, res) => {
      const record = recordOf(res);
      record.handling = true;
      const startedAt = performance.now();
      try {
        await answer(req, res, record);
      } finally {
        record.handling = false;
        if (res.closed) record.release?.();
        if (record.signal.aborted) metrics.wasted((performance.now() - startedAt) / 1_000);
      }
    };
    app[operation.method.toLowerCase() as 'get'](operation.path, handle);
  }
  if (options.docs === true) mountDocs(app, contract);
  refuseTheRest(app, log, repeats);
  return app;
}

/** What the ops port must know of the service. */
interface State {
  ready: boolean;
  /** Whose names the ops port answers to, besides those that no web page can have. */
  hosts: readonly string[];
}

function opsApp(options: ServiceOptions, state: Readonly<State>, repeats: Repeats): Express {
  const { log, registry, mountOps } = options;
  const ops = bareApp();
  ops.use((req, res, next) => {
    next(openRequest(req, res, { mostMs: OPS_DEADLINE_MS }) ?? foreignPage(req, state.hosts));
  });
  // Before the conditions, which count only where the answer would be a success (RFC 9110 §13.2.1).
  ops.get('/readyz', (_req, _res, next) => {
    const reason = state.ready ? options.notReady?.() : 'shutting down; send requests elsewhere';
    next(
      reason === undefined
        ? undefined
        : new HttpProblem('overloaded', reason, { title: 'Not ready', retryAfterMs: 1_000 }),
    );
  });
  let methods: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  ops.use((req, res, next) => {
    // No answer here has an entity tag, so the outcome of a condition is known before its method is performed.
    const exists = methods.get(req.path)?.has(req.method === 'HEAD' ? 'GET' : req.method) === true;
    if (exists && checkPreconditions(req, undefined) === 'not modified') res.writeHead(304).end();
    else next();
  });
  ops.get('/livez', (_req, res) => {
    res.json({ status: 'alive' });
  });
  ops.get('/readyz', (_req, res) => {
    res.json({ status: 'ready' });
  });
  ops.get('/metrics', async (_req, res) => {
    res.type(registry.contentType).send(await registry.metrics());
  });
  mountOps?.(ops);
  methods = methodsByPath(ops);
  refuseTheRest(ops, log, repeats);
  return ops;
}

/** Every answer of the ops port is ready long before. */
const OPS_DEADLINE_MS = 10_000;

function bareApp(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false);
  // One operation has one address: `/HELLO` and `/hello/` are not `/hello`.
  app.enable('strict routing').enable('case sensitive routing');
  return app;
}

/** Adds what comes after the routes: OPTIONS, 405 for known paths, 404 for all others, and a problem document for every error. */
function refuseTheRest(app: Express, log: Logger, repeats: Repeats): void {
  const paths = methodsByPath(app);
  const everyMethod = new Set([...paths.values()].flatMap((methods) => [...methods]));
  for (const [path, methods] of paths) {
    const allow = [...methods, ...(methods.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
    app.all(path, (req, res) => {
      recordOf(res).route = path;
      if (req.method === 'OPTIONS') {
        res.writeHead(204, { allow }).end();
        return;
      }
      throw new HttpProblem('bad_request', `${req.method} is not allowed here; allowed: ${allow}`, {
        status: 405,
        title: 'Method not allowed',
        allow,
      });
    });
  }
  app.use((req, res) => {
    // About the server as a whole (RFC 9110 §9.3.7).
    if (req.method === 'OPTIONS' && req.url === '*') {
      res.writeHead(204, { allow: [...everyMethod, 'HEAD', 'OPTIONS'].join(', ') }).end();
      return;
    }
    throw new HttpProblem('bad_request', 'nothing exists at this path', { status: 404, title: 'Not found' });
  });
  const onError: ErrorRequestHandler = (error: unknown, req, res: Response, _next) => {
    const record = recordOf(res);
    const problem = toHttpProblem(error);
    record.problem ??= { code: problem.code, detail: problem.message };
    if (problem.code === 'internal' && !(error instanceof HttpProblem)) {
      log[repeats.mayWrite('unexpected error') ? 'error' : 'debug'](
        { requestId: record.requestId, method: req.method, route: record.route, err: error },
        'unexpected error',
      );
    }
    sendProblem(res, problem, record.requestId);
  };
  app.use(onError);
}

/** The methods of every path that the application handles, including those that `mountOps` and the docs added. */
function methodsByPath(app: Express): Map<string, Set<string>> {
  const methods = new Map<string, Set<string>>();
  for (const { route: mounted } of app.router.stack) {
    if (mounted === undefined) continue;
    const known = methods.get(mounted.path) ?? new Set();
    for (const { method } of mounted.stack) known.add(method.toUpperCase());
    methods.set(mounted.path, known);
  }
  return methods;
}
