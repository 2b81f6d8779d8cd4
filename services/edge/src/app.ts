import { type Clock, type Random, systemClock } from '@halfopen/client';
import { HEADERS } from '@halfopen/contracts';
import { parseFaultHeader } from '@halfopen/faults';
import { edgeContract } from '@halfopen/greetings';
import { createLog, createService, type Logger, notFromForeignPages, type Service } from '@halfopen/service-kit';
import type { Tracer } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { Registry } from 'prom-client';
import type { Config } from './config.ts';
import { createDownstreams } from './downstreams.ts';
import { explain } from './explain.ts';
import { downstreamsRoute } from './routes/downstreams.ts';
import { helloRoute } from './routes/hello.ts';

export interface Parts {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Records spans. Default: nothing is recorded. */
  readonly tracer?: Tracer | undefined;
}

/** The edge, not yet listening. Touches nothing outside of itself, so that tests run several in one process. */
export function createApp(
  config: Config,
  { log = createLog('edge', config.LOG_LEVEL), clock = systemClock, random = Math.random, tracer }: Parts = {},
): Service {
  for (const remark of config.remarks) log.warn(remark);
  const registry = new Registry();
  const downstreams = createDownstreams(config, { clock, random, registry, log, tracer });
  return createService({
    contract: edgeContract,
    routes: [helloRoute(downstreams)],
    deadlineMs: config.EDGE_DEADLINE_MS,
    drainMs: config.DRAIN_MS,
    allowedHosts: config.ALLOWED_HOSTS,
    keepAliveTimeoutMs: config.KEEP_ALIVE_TIMEOUT_MS,
    admission: { maxInProgress: config.EDGE_MAX_IN_PROGRESS, maxQueued: config.EDGE_MAX_QUEUED },
    ...(config.FAULTS === 'on' ? { passedOn: [HEADERS.fault] } : {}),
    before: before(config, clock),
    docs: true,
    tracer,
    mountOps: (ops) => {
      ops.get('/downstreams', downstreamsRoute(downstreams));
    },
    release: async () => {
      await Promise.all(Object.values(downstreams).map(({ close }) => close()));
    },
    log,
    registry,
  });
}

/** What happens to a request before its route, as far as the settings allow it. */
function before({ FAULTS, EDGE_EXPLAIN, ALLOWED_HOSTS }: Config, clock: Clock): RequestHandler[] {
  return [
    ...(FAULTS === 'on' || EDGE_EXPLAIN === 'on' ? [explain(clock)] : []),
    ...(FAULTS === 'on' ? [notFromForeignPages(HEADERS.fault, ALLOWED_HOSTS), checkFault] : []),
  ];
}

/** The edge plays no faults. But what is no fault is its caller's mistake, and would come back as a refusal of the edge's own request. */
const checkFault: RequestHandler = (req, _res, next) => {
  const header = req.headers[HEADERS.fault];
  if (typeof header === 'string') parseFaultHeader(header, { mayExit: true });
  next();
};
