/** Several greeters in one process, each on a port of its own: `GREETER_PORTS=5001,5002`. */
import process from 'node:process';
import { createApp } from '@halfopen/greeter/app';
import { readConfig } from '@halfopen/greeter/config';

const ports = (process.env.GREETER_PORTS ?? '').split(',').map(Number);
const config = readConfig(process.env);
await Promise.all(ports.map((port) => createApp(config).listen({ host: '127.0.0.1', port, opsPort: 0 })));
process.on('disconnect', () => process.exit());
