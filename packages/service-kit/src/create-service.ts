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
import { createRepeats, type Repeats } from './repeats.ts';
import { openRequest, type RequestRecord, recordOf } from './request-context.ts';
import type { Route } from './route.ts';
import { endServerSpan } from './server-span.ts';

export interface ServiceOptions {
  readonly contract: Contract;
  /** The table of contents: one entry per operation of the contract. */
  readonly routes: readonly Route[];
  /** The most a request may take. */
  readonly deadlineMs: number;
  /**
   * How long the service goes on accepting after it has said that it is not ready. Whoever balances load over several
   * needs that time to look elsewhere: connections that arrive as a listener closes are reset by the kernel.
   */
  readonly drainMs: number;
  /** How much work the service takes on. */
  readonly admission: AdmissionOptions;
  readonly log: Logger;
  readonly registry: Registry;
  /** Run before the routes, once a request is admitted: fault injection, for one. */
  readonly before?: RequestHandler | readonly RequestHandler[];
  /** Why `/readyz` says 503 although the service runs; `undefined` while it is ready. */
  readonly notReady?: () => string | undefined;
  /** Request headers that go along to every service called for a request, besides the usual ones. */
  readonly passedOn?: readonly string[];
  /** Records a span for each request, if its sampler says so. Default: nothing is recorded. */
  readonly tracer?: Tracer | undefined;
  /** Whether `/openapi.json` and `/docs` are served. Default: no. */
  readonly docs?: boolean;
  /** Adds to the ops port. */
  readonly mountOps?: (ops: Express) => void;
  /** Releases what the routes hold, once no request is left. */
  readonly release?: () => Promise<void>;
}

export interface Addresses {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** 0: any free one. */
  readonly opsPort: number;
}

export interface Service {
  readonly name: string;
  readonly log: Logger;
  readonly registry: Registry;
  /** Listens on both ports. @throws ListenError */
  listen(addresses: Addresses): Promise<{ readonly url: string; readonly opsUrl: string }>;
  /**
   * Graceful shutdown: `/readyz` turns 503; after `drainMs` the public port stops accepting, requests in flight end, idle connections
   * close, then the ops port closes.
   * @param mostMs after this, what is left is cut off. Default 10,000
   */
  close(mostMs?: number): Promise<void>;
}

/** A port could not be listened on. */
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

/** A service: its public port with the routes of a contract, its ops port, and its graceful end. */
export function createService(options: ServiceOptions): Service {
  const { log, registry, contract } = options;
  requireEveryRoute(options);
  const state = { ready: false };
  const repeats = createRepeats(log);
  const onRefused: OnRefused = (problem, status, requestId) => {
    log[repeats.mayWrite('refused unread') ? 'info' : 'debug'](
      { requestId, status, outcome: problem.code, detail: problem.message },
      'request refused unread',
    );
  };
  const server = createHttpServer(publicApp(options, repeats), onRefused);
  const opsServer = createHttpServer(opsApp(options, state, repeats), onRefused);

  return {
    name: contract.name,
    log,
    registry,
    async listen({ host, port, opsPort }) {
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

/** An operation that is documented but not served would be a 404 nobody can explain. */
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
    // An answer that was cut off has no problem to name.
    const errorType = status < PROBLEMS.cancelled.status ? undefined : (record.problem?.code ?? 'internal');
    metrics.observe(method, record.route, status, errorType, durationMs / 1_000);
    endServerSpan(record, method, status);
    // An overloaded service has better things to do than to write a line for each refusal: they are counted.
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
        // Why, where it is not the caller's doing: a caller's mistake may quote what the caller sent.
        ...(status >= 500 ? { detail: record.problem?.detail } : {}),
      },
      'request',
    );
  };
  app.use((req, res, next) => {
    const refusal = openRequest(req, res, rules);
    const record = recordOf(res);
    // Known from here on, also where a request is refused, or met by a fault, before its route is.
    if (paths.has(req.path)) record.route = req.path;
    res.once('close', () => account(record, req.method, res));
    next(refusal);
  });
  const admission = createAdmission(options.admission);
  metrics.watch(admission);
  // One for all requests: a closure for each, held by its record, kept it past minor collections (Node 24.21).
  const leave = () => admission.leave();
  app.use((_req, res, next) => {
    const record = recordOf(res);
    const start = () => {
      record.release = leave;
      res.once('close', () => {
        // Work goes on after its caller has left: its place is free when it has ended.
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

function opsApp(options: ServiceOptions, state: { readonly ready: boolean }, repeats: Repeats): Express {
  const { log, registry, mountOps } = options;
  const ops = bareApp();
  ops.use((req, res, next) => {
    next(openRequest(req, res, { mostMs: OPS_DEADLINE_MS }));
  });
  ops.get('/livez', (_req, res) => {
    res.json({ status: 'alive' });
  });
  ops.get('/readyz', (_req, res) => {
    const reason = state.ready ? options.notReady?.() : 'shutting down; send requests elsewhere';
    if (reason !== undefined) {
      throw new HttpProblem('overloaded', reason, {
        title: 'Not ready',
        retryAfterMs: 1_000,
      });
    }
    res.json({ status: 'ready' });
  });
  ops.get('/metrics', async (_req, res) => {
    res.type(registry.contentType).send(await registry.metrics());
  });
  mountOps?.(ops);
  refuseTheRest(ops, log, repeats);
  return ops;
}

/** Nothing on the ops port takes long. */
const OPS_DEADLINE_MS = 10_000;

function bareApp(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false);
  // `/HELLO` and `/hello/` are other paths than `/hello`: one operation, one address.
  app.enable('strict routing').enable('case sensitive routing');
  return app;
}

/** 404 for unknown paths, 405 for known ones, and a problem document for every error. */
function refuseTheRest(app: Express, log: Logger, repeats: Repeats): void {
  for (const [path, methods] of methodsByPath(app)) {
    const allow = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].join(', ');
    app.all(path, (req, res) => {
      recordOf(res).route = path;
      throw new HttpProblem('bad_request', `${req.method} is not possible here; ${allow} is`, {
        status: 405,
        title: 'Method not allowed',
        allow,
      });
    });
  }
  app.use(() => {
    throw new HttpProblem('bad_request', 'there is nothing under this path', { status: 404, title: 'Not found' });
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

/** What the application has handlers for, whoever mounted them. */
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
