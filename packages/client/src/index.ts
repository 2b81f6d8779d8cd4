// The policies come with the client: whoever composes a downstream needs both.
export * from '@halfopen/resilience';
export { type CallMetrics, callMetrics, type DownstreamGauges } from './call-metrics.ts';
export { type CallTraces, callTraces } from './call-traces.ts';
export { type CallOptions, type Client, createClient } from './create-client.ts';
export { type Discovery, type DiscoveryOptions, discover } from './discovery.ts';
export { announce, createExplanation, type Explained, type Explanation } from './explanation.ts';
export { type HttpTransport, type HttpTransportOptions, httpTransport } from './http-transport.ts';
export { parseRetryAfterMs } from './retry-after.ts';
export type { Transport, TransportRequest, TransportResponse } from './transport.ts';
