/** Our edge, with a prom-client that counts nothing: what the metrics cost is the difference to the edge as it is. */
import process from 'node:process';
import { createApp } from '@halfopen/edge/app';
import { readConfig } from '@halfopen/edge/config';
import { Counter, Gauge, Histogram } from 'prom-client';

const nothing = () => undefined;
const silent = { inc: nothing, dec: nothing, set: nothing, observe: nothing };
for (const { prototype } of [Counter, Gauge, Histogram]) {
  Object.assign(prototype, {
    ...silent,
    labels: () => silent,
    // A histogram takes its `observe` from here as it is made.
    observeWithoutExemplar: nothing,
  });
}

const config = readConfig(process.env);
const app = createApp(config);
await app.listen({ host: config.EDGE_HOST, port: config.EDGE_PORT, opsPort: config.EDGE_OPS_PORT });
process.on('disconnect', () => process.exit());
