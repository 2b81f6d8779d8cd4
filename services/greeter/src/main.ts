import process from 'node:process';
import { runService } from '@halfopen/service-kit';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

await runService(process, {
  prefix: 'GREETER',
  readConfig,
  addresses: (config) => ({ host: config.GREETER_HOST, port: config.GREETER_PORT, opsPort: config.GREETER_OPS_PORT }),
  createApp: (config, parts) => createApp(config, { ...parts, exit: (code) => process.exit(code) }),
});
