import process from 'node:process';
import { catchStopSignals } from '@halfopen/service-kit/stop-signals';

// First of all, and the rest is loaded after it: as PID 1 of a container, this process would not notice a signal until then.
const signals = catchStopSignals(process);
const [{ runService }, { createApp }, { readConfig }] = await Promise.all([
  import('@halfopen/service-kit'),
  import('./app.ts'),
  import('./config.ts'),
]);

await runService(process, {
  signals,
  prefix: 'EDGE',
  readConfig,
  addresses: (config) => ({ host: config.EDGE_HOST, port: config.EDGE_PORT, opsPort: config.EDGE_OPS_PORT }),
  createApp,
});
