import type { Safety } from '@halfopen/client';
import type { RateFrom } from '../models/arrivals.ts';
import type { Fault } from '../models/faults.ts';
import type { NetworkOptions } from '../models/network.ts';
import type { ServerOptions } from '../models/server.ts';

/** Who calls, and how often. */
export interface Load {
  /** Calls a second, from a moment on. Ascending by `fromMs`. */
  readonly rates: readonly RateFrom[];
  /** Processes that call, each with policies of its own: breakers, budgets and bulkheads are not shared. Default 1. */
  readonly clients?: number;
  /** How the calls of a rate come. `poisson`: independently of each other. `even`: at equal distances. Default `poisson`. */
  readonly arrivals?: 'poisson' | 'even';
  /** Calls that come all at once, besides. Default none. */
  readonly bursts?: { readonly everyMs: number; readonly calls: number };
  /** Requests of each call, all of which must succeed. Default 1. */
  readonly fanOut?: number;
  /** Whether a call may be repeated. Default `safe`. */
  readonly safety?: Safety;
  /** Milliseconds after which a caller leaves, whatever the policies would still do. Default: it waits for as long as they do. */
  readonly patienceMs?: number;
}

/** What happens to the policies: servers, callers, and what goes wrong when. */
export interface Scenario {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly description: string;
  /** Replicas of the service that is called, behind one balancer. */
  readonly servers: readonly ServerOptions[];
  /**
   * Services between the callers and the servers, the first the outermost. Each calls the next one with the configuration under test.
   * Default none.
   */
  readonly through?: readonly ServerOptions[];
  readonly network?: NetworkOptions;
  readonly load: Load;
  /** Default none. */
  readonly faults?: readonly Fault[];
  /** When the trouble begins and ends, a fault or more load: figures are given for before, during and after. */
  readonly trigger: { readonly fromMs: number; readonly toMs: number };
  /** Milliseconds until the last call is due. */
  readonly lengthMs: number;
}
