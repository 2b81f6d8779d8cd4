import { proxyCommand } from './command.ts';

// The name that people start it by.
await proxyCommand().name('pnpm faults proxy').parseAsync();
