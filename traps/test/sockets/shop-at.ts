import type { RequestListener } from 'node:http';
import { type Clock, createClient, httpTransport, none, type Policy, systemClock } from '@halfopen/client';
import { type StandIn, startStandIn } from '@halfopen/testing';
import { onTestFinished } from 'vitest';
import { type Shop, shopContract } from '../../src/stage/shop.ts';

/**
 * Our client for a shop over real sockets, until the test ends.
 * @param clock the one of the policy: deadlines are instants on it. Default: the process's clock
 */
export function shopAt(url: string, policy: Policy = none, clock: Clock = systemClock): Shop {
  const transport = httpTransport(url, { clock });
  onTestFinished(() => transport.close());
  return createClient(shopContract, transport, policy, clock);
}

/** A server with this listener, until the test ends. */
export async function standIn(listener: RequestListener): Promise<StandIn> {
  const started = await startStandIn(listener);
  onTestFinished(() => started.close());
  return started;
}
