import process from 'node:process';
import { catchStopSignals } from '@halfopen/service-kit/stop-signals';

// First of all, and the rest is loaded after it: as PID 1 of a container, this process would not notice a signal until then.
// SIGHUP is left alone: a handler would undo `nohup`.
const signals = catchStopSignals(process);
// The channel to the process that started this one, if there is one, keeps nothing running.
process.channel?.unref();

const { proxyCommand } = await import('./command.ts');

await proxyCommand((stop) => signals.onStop(stop))
  // The name that people start it by.
  .name('pnpm faults proxy')
  .parseAsync();
