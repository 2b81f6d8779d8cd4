import type { RequestListener } from 'node:http';
import { createClient, httpTransport, type Policy } from '@halfopen/client';
import { createApp } from '@halfopen/edge/app';
import { readConfig } from '@halfopen/edge/config';
import { createLog } from '@halfopen/service-kit';
import { startStandIn } from '@halfopen/testing';
import { type Shop, shopContract } from './shop.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };
/** What the shop's contract accepts as an answer. */
export const OK = '{"ok":true}';

/** Runs a server with this listener while `use` runs. */
export async function withStandIn<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const standIn = await startStandIn(listener);
  try {
    return await use(standIn.url);
  } finally {
    standIn.close();
  }
}

/** Opens our client for a shop at that address while `use` runs. */
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

/** Runs an edge with the standard policy, in front of the server at `greeterUrl`, while `use` runs. */
export async function withEdge<T>(greeterUrl: string, use: (url: string) => Promise<T>): Promise<T> {
  const log = createLog('edge', 'fatal', { write: () => undefined });
  const edge = createApp(readConfig({ GREETER_URL: greeterUrl }), { log });
  const { url } = await edge.listen({ host: '127.0.0.1', port: 0, opsPort: 0 });
  try {
    return await use(url);
  } finally {
    await edge.close(0);
  }
}
