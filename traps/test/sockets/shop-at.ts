import type { RequestListener } from 'node:http';
import { createClient, httpTransport, type Policy } from '@halfopen/client';
import { type StandIn, startStandIn } from '@halfopen/testing';
import { onTestFinished } from 'vitest';
import { type Shop, shopContract } from '../../src/stage/shop.ts';

/** Our client for a shop over real sockets, until the test ends. */
export function shopAt(url: string, policy?: Policy): Shop {
  const transport = httpTransport(url);
  onTestFinished(() => transport.close());
  return createClient(shopContract, transport, policy);
}

/** A server with this listener, until the test ends. */
export async function standIn(listener: RequestListener): Promise<StandIn> {
  const started = await startStandIn(listener);
  onTestFinished(() => started.close());
  return started;
}
