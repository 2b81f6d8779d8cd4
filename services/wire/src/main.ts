import process from 'node:process';

// First of all, and the rest is loaded after it: as PID 1 of a container, this process would not notice a signal until then.
let stop = (): void => process.exit(0);
// The channel to the process that started this one, if there is one, closes when that process is gone. It keeps nothing
// running.
// Not SIGHUP: a handler would undo `nohup`.
for (const event of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(event, () => stop());
process.channel?.unref();

const { proxyCommand } = await import('./command.ts');

await proxyCommand((handler) => {
  stop = handler;
})
  // The name that people start it by.
  .name('pnpm faults proxy')
  .parseAsync();
