import type { IncomingMessage } from 'node:http';
import { HEADERS } from '@halfopen/contracts';
import { faults, Injector, mountFaults } from '@halfopen/faults';
import { greeterContract } from '@halfopen/greetings';
import {
  HttpProblem,
  type Logger,
  notFromForeignPages,
  recordOf,
  type ServiceOptions,
  takeOver,
} from '@halfopen/service-kit';
import { Counter, type Registry } from 'prom-client';

/**
 * The options of `createService` that add fault injection: middleware before the routes, `/faults` on the ops port.
 * @param exit ends the process at once. `undefined`: the fault `exit` is refused
 * @param allowedHosts host names under which `x-fault` can be used
 */
export function faultInjection(
  registry: Registry,
  log: Logger,
  exit: ((code: number) => void) | undefined,
  allowedHosts: readonly string[],
): Pick<ServiceOptions, 'before' | 'mountOps' | 'notReady' | 'release'> {
  const count = faultCounter(registry);
  const injector = new Injector({ onBegun: count });
  const operations = Object.values(greeterContract.operations);
  log.warn('FAULTS=on: anyone who can reach this service can break it on purpose');
  return {
    before: [
      notFromForeignPages(HEADERS.fault, allowedHosts),
      faults({
        injector,
        factsOf: (req, res) => {
          const { requestId, signal } = recordOf(res);
          // HEAD is an operation's GET without the body.
          const method = req.method === 'HEAD' ? 'GET' : req.method;
          return {
            requestId,
            signal,
            attempt: headerOf(req, HEADERS.attempt) ?? '1',
            operation: operations.find((one) => one.path === req.path && one.method === method)?.name,
            userAgent: headerOf(req, 'user-agent'),
            header: headerOf(req, HEADERS.fault),
          };
        },
        refusal: (status, retryAfterMs) =>
          new HttpProblem(status < 500 ? 'bad_request' : 'internal', 'this failure was injected on purpose', {
            status,
            title: 'Injected fault',
            ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          }),
        takeOver,
        onInjected: (fault, res) => {
          count(fault);
          const record = recordOf(res);
          record.fault = fault;
          record.trace.span?.addEvent('fault injected', { 'halfopen.fault': fault });
          res.setHeader(HEADERS.faultInjected, fault);
        },
        exit:
          exit &&
          ((code) => {
            log.fatal({ code }, 'a fault ends this process on purpose');
            exit(code);
          }),
      }),
    ],
    mountOps: (ops) => {
      mountFaults(ops, {
        injector,
        host: { operations: operations.map(({ name }) => name), mayExit: exit !== undefined },
        refusal: (status, detail) => new HttpProblem('bad_request', detail, { status }),
      });
    },
    notReady: () => {
      const fault = injector.notReady;
      return fault === undefined ? undefined : `the fault ${fault} is in force`;
    },
    release: async () => injector.clear(),
  };
}

/** The most faults with a time series of their own. A plan has at most 100, so all faults of the present one have theirs. */
const MAX_SERIES = 200;

/** Counts injected faults. New plans bring new names: the name unused for longest makes room for a new one. */
function faultCounter(registry: Registry): (fault: string) => void {
  const injected = new Counter({
    name: 'faults_injected_total',
    help: 'Faults injected on purpose.',
    labelNames: ['fault'],
    registers: [registry],
  });
  const known = new Set<string>();
  return (fault) => {
    known.delete(fault);
    known.add(fault);
    const [oldest] = known;
    if (known.size > MAX_SERIES && oldest !== undefined) {
      known.delete(oldest);
      injected.remove({ fault: oldest });
    }
    injected.inc({ fault });
  };
}

function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return typeof value === 'string' ? value : undefined;
}
