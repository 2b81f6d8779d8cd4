import {
  type Clock,
  compose,
  createDownstream,
  type Downstream,
  type DownstreamOptions,
  type DownstreamPolicies,
  type Random,
} from '@halfopen/client';
import { callMetrics, callTraces } from '@halfopen/client/observe';
import { greeterContract } from '@halfopen/greetings';
import type { Logger } from '@halfopen/service-kit';
import type { Tracer } from '@opentelemetry/api';
import type { Registry } from 'prom-client';
import { type DownstreamConfig, optionsOf } from './downstream-settings.ts';
import { logDecisions } from './log-decisions.ts';

/** The services that the edge calls. A new one is a line here. Its settings (`<NAME>_URL`, `<NAME>_CALL_*`) follow from it. */
export const DOWNSTREAMS = {
  greeter: { contract: greeterContract, url: 'http://127.0.0.1:5000' },
};

/** The order of policies, outermost first. docs/decisions/0002-order-of-policies.md says why it is this one. */
export const order = (policies: DownstreamPolicies) =>
  compose(
    policies.observeCall,
    policies.staleIfError,
    policies.deadline,
    policies.coalesce,
    policies.bulkhead,
    policies.retry,
    policies.discovery,
    policies.hedge,
    // Chooses the endpoint of each attempt and asks the breaker of that endpoint.
    policies.balancer,
    policies.attemptTimeout,
    policies.observeAttempt,
  );

export type DownstreamName = keyof typeof DOWNSTREAMS;

export type Downstreams = { readonly [N in DownstreamName]: Downstream<(typeof DOWNSTREAMS)[N]['contract']> };

/** The settings that concern downstreams. */
interface Settings {
  readonly EDGE_DEADLINE_MS: number;
  readonly downstreams: Readonly<Record<DownstreamName, DownstreamConfig>>;
}

export interface Shared {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: Registry;
  readonly log: Logger;
  readonly tracer?: Tracer | undefined;
}

/**
 * A client for every downstream. Each has breakers, a budget, a bulkhead and connections of its own, shared by all its operations.
 * @param transport makes what carries the attempts of one downstream. Default: HTTP
 */
export function createDownstreams(
  config: Settings,
  { clock, random, registry, log, tracer }: Shared,
  transport?: DownstreamOptions['transport'],
): Downstreams {
  const metrics = callMetrics(registry, clock);
  const created = Object.entries(DOWNSTREAMS).map(([name, { contract }]) => {
    const settings = config.downstreams[name as DownstreamName];
    const downstream = createDownstream(contract, settings.URL, {
      ...optionsOf(settings, config.EDGE_DEADLINE_MS),
      order,
      observers: [callTraces(contract, { tracer, random }), metrics.forDownstream(name, contract)],
      onEvent: logDecisions(log, name),
      userAgent: 'halfopen-edge',
      clock,
      random,
      ...(transport === undefined ? {} : { transport }),
    });
    return [name, downstream];
  });
  return Object.fromEntries(created) as Downstreams;
}
