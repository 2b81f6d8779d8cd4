import {
  type CallContext,
  type Clock,
  createDownstream,
  type DownstreamOptions,
  type DownstreamStatus,
  type PolicyEvent,
  type PolicyListener,
  type Random,
  type Safety,
} from '@halfopen/client';
import { HEADERS } from '@halfopen/contracts';
import type { World } from '../engine/world.ts';
import type { NetworkOptions } from '../models/network.ts';
import type { Server } from '../models/server.ts';
import { simulatedContract } from './contract.ts';
import { simulatedTransport } from './simulated-transport.ts';

/** The options of `createDownstream`, without what the simulation itself provides. */
export type PolicyOptions = Omit<DownstreamOptions, 'transport' | 'clock' | 'random'>;

/** For policies of one's own in `order`, which need the world's clock and chance. */
export interface PolicyTools {
  readonly clock: Clock;
  readonly random: Random;
  /** Told what such policies decide, so that the results know of it. */
  readonly onEvent: PolicyListener;
}

/** What is simulated: the options of `createDownstream`, or a function that makes them for each client. */
export type Configuration = PolicyOptions | ((tools: PolicyTools) => PolicyOptions);

export interface SimulatedClientOptions {
  /** Unique in its world. */
  readonly name: string;
  readonly servers: readonly Server[];
  readonly configuration: Configuration;
  readonly network?: NetworkOptions | undefined;
  /** Called at each attempt that is sent. */
  readonly onSend?: ((context: CallContext) => void) | undefined;
  /** Called with what the policies decide. */
  readonly onEvent?: ((event: PolicyEvent) => void) | undefined;
}

export interface SimulatedCall {
  /** Tells the call from all others. Victims of faults, service times and delays depend on it. */
  readonly id: string;
  /** Default `safe`. */
  readonly safety?: Safety | undefined;
  /** When the caller stops waiting, on the world's clock. Default: it waits for as long as the policies do. */
  readonly deadlineAt?: number | undefined;
  /** Aborted when the caller leaves. */
  readonly signal?: AbortSignal | undefined;
}

export interface SimulatedClient {
  readonly name: string;
  /** @throws CallError */
  call(call: SimulatedCall): Promise<unknown>;
  readonly status: () => DownstreamStatus;
}

/**
 * One process that calls. It is `createDownstream` itself, the code that runs in production, with the world's clock and chance and a
 * simulated transport.
 */
export function createSimulatedClient(world: World, options: SimulatedClientOptions): SimulatedClient {
  const { name, servers, configuration, network, onSend, onEvent } = options;
  const { clock } = world;
  const random = world.random(name, 'policies');
  const tell: PolicyListener = (event) => onEvent?.(event);
  const policies =
    typeof configuration === 'function' ? configuration({ clock, random, onEvent: tell }) : configuration;
  const byOrigin = new Map(servers.map((server, index) => [originOf(index), server]));
  const { client, status } = createDownstream(simulatedContract, [...byOrigin.keys()], {
    ...policies,
    clock,
    random,
    transport: simulatedTransport(world, { name, servers: byOrigin, network, onSend }),
    onEvent: (event, endpoint) => {
      tell(event);
      policies.onEvent?.(event, endpoint);
    },
  });
  return {
    name,
    status,
    call({ id, safety = 'safe', deadlineAt, signal }) {
      const headers = { [HEADERS.requestId]: id };
      // Nearly every call, and optional properties are dear to put together.
      if (deadlineAt === undefined && signal === undefined) return client[safety](NOTHING, { headers });
      return client[safety](NOTHING, {
        headers,
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
  };
}

const NOTHING = {};

/** Addresses and not names, so that nobody asks a name server. */
const originOf = (index: number) => `http://10.0.${index >> 8}.${(index & 255) + 1}:5000`;
