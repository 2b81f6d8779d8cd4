import type { RequestListener } from 'node:http';
import { startStandIn } from '../../e2e/harness/stand-in.ts';
import { type Shop, shopContract } from '../../e2e/traps/shop-contract.ts';
import { createClient, httpTransport, type Policy } from '../../packages/client/src/index.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const OK = '{"ok":true}';

/** A server that answers as it is told, as long as it is used. */
export async function withStandIn<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const standIn = await startStandIn(listener);
  try {
    return await use(standIn.url);
  } finally {
    standIn.close();
  }
}

/** Our client for a shop at that address, as long as it is used. */
export async function withShop<T>(
  url: string,
  policy: Policy | undefined,
  use: (shop: Shop) => Promise<T>,
): Promise<T> {
  const transport = httpTransport(url);
  try {
    return await use(createClient(shopContract, transport, policy));
  } finally {
    await transport.close();
  }
}
