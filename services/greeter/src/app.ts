import { greeterContract } from '@halfopen/greetings';
import { createLog, createService, type Logger, type Service } from '@halfopen/service-kit';
import type { Tracer } from '@opentelemetry/api';
import { Registry } from 'prom-client';
import type { Config } from './config.ts';
import { faultInjection } from './faults.ts';
import { helloRoute } from './routes/hello.ts';

/** What a process or a test passes to the greeter. */
export interface Parts {
  /** Default: standard output, at `LOG_LEVEL`. */
  readonly log?: Logger;
  /** Ends the process at once, for the fault `exit`. Default: that fault is refused, because tests share a process. */
  readonly exit?: (code: number) => void;
  /** Records spans. Default: no spans. */
  readonly tracer?: Tracer | undefined;
}

/** Builds the greeter; `listen` starts it. It has no global state, so a test can run several in one process. */
export function createApp(
  config: Config,
  { log = createLog('greeter', config.LOG_LEVEL), exit, tracer }: Parts = {},
): Service {
  const registry = new Registry();
  return createService({
    contract: greeterContract,
    routes: [helloRoute()],
    deadlineMs: config.GREETER_DEADLINE_MS,
    drainMs: config.DRAIN_MS,
    allowedHosts: config.ALLOWED_HOSTS,
    keepAliveTimeoutMs: config.KEEP_ALIVE_TIMEOUT_MS,
    admission: { maxInProgress: config.GREETER_MAX_IN_PROGRESS, maxQueued: config.GREETER_MAX_QUEUED },
    ...(config.FAULTS === 'on' ? faultInjection(registry, log, exit, config.ALLOWED_HOSTS) : {}),
    tracer,
    log,
    registry,
  });
}
