import { proxyCommand } from './command.ts';

await proxyCommand().parseAsync();
