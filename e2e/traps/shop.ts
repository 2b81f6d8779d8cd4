import { createClient, httpTransport, type Policy } from '@halfopen/client';
import { onTestFinished } from 'vitest';
import { type Shop, shopContract } from './shop-contract.ts';

export { shopBehind, threeAttempts, timed } from './shop-contract.ts';

/** Our client for a shop over real sockets, until the test ends. */
export function shopAt(url: string, policy?: Policy): Shop {
  const transport = httpTransport(url);
  onTestFinished(() => transport.close());
  return createClient(shopContract, transport, policy);
}
