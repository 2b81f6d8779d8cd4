import process from 'node:process';
import { runService } from '@halfopen/service-kit';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

await runService(process, {
  prefix: 'EDGE',
  readConfig,
  addresses: (config) => ({ host: config.EDGE_HOST, port: config.EDGE_PORT, opsPort: config.EDGE_OPS_PORT }),
  createApp,
});
