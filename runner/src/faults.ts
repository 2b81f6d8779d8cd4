/** `pnpm faults …`: breaks the running system from outside, its processes and its wire. Try `pnpm faults --help`. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { findSystem } from './faults/find-system.ts';
import { runProxy } from './faults/proxy.ts';
import { Refusal, type Row, type System, type SystemName } from './faults/system.ts';
import type { Word } from './start/control.ts';

const DESCRIPTIONS: Readonly<Record<Word, string>> = {
  pause: 'freeze a service: it accepts connections and answers nothing',
  resume: 'let a paused service go on',
  kill: 'kill a service, in the middle of whatever it does',
  start: 'start a service that was killed or has died',
  restart: 'let a service end its requests, and start it again',
};

const program = new Command('pnpm faults')
  .description('Break the running system: its processes (under pnpm start or docker compose alike) and its wire.')
  .configureHelp({ sortSubcommands: false })
  .enablePositionalOptions();

/** A command for a running system; what it cannot do ends with one line and exit code 1. */
function systemCommand(
  name: string,
  description: string,
  act: (system: System, args: string[]) => Promise<string>,
): void {
  program
    .command(name)
    .description(description)
    .addOption(new Option('--on <system>', 'which one, if both run').choices(['start', 'compose']))
    .option('--pid <number>', 'which `pnpm start`, if several run', parseWhole)
    .action(async (...all: unknown[]) => {
      const command = all.at(-1) as Command;
      const { on, pid } = command.opts<{ on?: SystemName; pid?: number }>();
      try {
        process.stdout.write(`${await act(await findSystem(on, pid), command.args)}\n`);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        process.stderr.write(`faults: ${error.message}\n`);
        process.exitCode = 1;
      }
    });
}

systemCommand('status', 'what runs, where, and in which state', async (system) =>
  [system.title, ...table(await system.status())].join('\n'),
);
for (const [word, description] of Object.entries(DESCRIPTIONS) as [Word, string][]) {
  systemCommand(`${word} <service>`, description, (system, [service = '']) => system.command(word, service));
}
systemCommand('scale <service> <count>', 'run so many replicas of a service', (system, [service = '', count = '']) => {
  const replicas = Number(count);
  if (!/^\d{1,2}$/.test(count)) throw new Refusal(`${JSON.stringify(count)} is not a number of replicas from 0 to 99`);
  return system.scale(service, replicas);
});
systemCommand('isolate <service>', 'take the network away from a service', (system, [service = '']) =>
  system.isolate(service),
);
systemCommand('rejoin <service>', 'give an isolated service its network back', (system, [service = '']) =>
  system.rejoin(service),
);
program
  // The wire knows its options and explains them: they are passed on as they are.
  .command('proxy [options]')
  .description("run a TCP proxy that speaks Toxiproxy's HTTP API, until Ctrl-C")
  .usage('[options]')
  .addHelpText('after', '\nIts options: pnpm faults proxy --help')
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .passThroughOptions()
  .action((_first: string, _options: object, command: Command) => runProxy(command.args));

await program.parseAsync();

function table(rows: readonly Row[]): string[] {
  const cells = rows.map(({ service, state, id, where }) => [service, state, id, where]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

function parseWhole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number.');
  return Number(text);
}
