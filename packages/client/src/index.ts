// The policies come with the client: whoever composes a downstream needs both.
export * from '@halfopen/resilience';
export { type CallOptions, type Client, createClient } from './create-client.ts';
export { createDownstream, type Downstream, type DownstreamStatus } from './create-downstream.ts';
export { type Discovery, type DiscoveryOptions, discover } from './discovery.ts';
export type { DownstreamListener, DownstreamOptions } from './downstream-options.ts';
export { type DownstreamPolicies, standardOrder } from './downstream-order.ts';
export { type HttpTransport, type HttpTransportOptions, httpTransport } from './http-transport.ts';
export type { CallObserver, DownstreamGauges } from './observer.ts';
export { parseRetryAfterMs } from './retry-after.ts';
export type { Transport, TransportRequest, TransportResponse } from './transport.ts';
