import { HEADERS } from '@halfopen/contracts';
import { faults, Injector, mountFaults } from '@halfopen/faults';
import { HttpProblem, type Logger, recordOf, type ServiceOptions, takeOver } from '@halfopen/service-kit';
import { Counter, type Registry } from 'prom-client';

/** Fault injection for this service: before its routes, with the switch on the ops port. */
export function faultInjection(registry: Registry, log: Logger): Pick<ServiceOptions, 'before' | 'mountOps'> {
  const injector = new Injector();
  const injected = new Counter({
    name: 'faults_injected_total',
    help: 'Faults injected on purpose.',
    labelNames: ['fault'],
    registers: [registry],
  });
  log.warn('FAULTS=on: anybody who reaches this service can break it on purpose');
  return {
    before: faults({
      injector,
      factsOf: (req, res) => {
        const { requestId, signal } = recordOf(res);
        const attempt = req.headers[HEADERS.attempt];
        const header = req.headers[HEADERS.fault];
        return {
          requestId,
          signal,
          attempt: typeof attempt === 'string' ? attempt : '1',
          header: typeof header === 'string' ? header : undefined,
        };
      },
      refusal: (status, retryAfterMs) =>
        new HttpProblem(status < 500 ? 'bad_request' : 'internal', 'this failure was injected on purpose', {
          status,
          title: 'Injected fault',
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        }),
      takeOver,
      onInjected: (fault) => injected.inc({ fault }),
    }),
    mountOps: (ops) => mountFaults(ops, injector),
  };
}
