/**
 * `pnpm start`: the composed system, one process for each service, until Ctrl-C or SIGTERM. A service that dies later on leaves
 * the others running, as it would in production; `pnpm faults` starts it again.
 */
import { Command } from 'commander';
import pretty from 'pino-pretty';
import { ComposedSystem } from './composed-system.ts';
import { whenLaunchersGo } from './launchers.ts';
import { describeEnding, type Output } from './node-process.ts';
import { EndedBeforeListening } from './service-process.ts';
import { SERVICES } from './services.ts';
import { openControl } from './start/control.ts';
import { otherListeners } from './start/other-listeners.ts';
import { LOG_FILES, openServiceLog } from './start/service-logs.ts';

const { logs: showLogs } = new Command('pnpm start')
  .description('Runs the edge and the greeter until Ctrl-C.')
  .option('--logs', 'shows what the services log here, instead of writing it to files', false)
  .parse()
  .opts<{ logs: boolean }>();

let stoppingSince: number | undefined;
let closeControl = () => {};

const say = (line: string) => process.stdout.write(`${line}\n`);

const system = new ComposedSystem({
  optionsOf: (name) => ({
    env: { FAULTS: 'on', ...process.env },
    stdout: showLogs ? logOutput() : openServiceLog(name),
    onDeath: (ending) => {
      if (stoppingSince !== undefined) return;
      say(
        `${name} has died (${describeEnding(ending)})${whereLogs(': see ')}. It starts again with: pnpm faults start ${name}`,
      );
      // With nobody left there is nothing to be in charge of.
      if (system.services.every(({ state }) => state === 'stopped')) stop(1);
    },
  }),
});

/** Where to read what the services log, unless it is shown here. */
function whereLogs(lead: string): string {
  return showLogs ? '' : `${lead}${LOG_FILES}`;
}

/** On a terminal lines are formatted for people; elsewhere they stay the JSON that the service writes. */
function logOutput(): Output {
  if (!process.stdout.isTTY) return 'inherit';
  const formatted = pretty({
    colorize: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{service}: {msg}',
    ignore: 'service,traceId,spanId',
  });
  return (line) => formatted.write(`${line}\n`);
}

/** Stops what still runs; this process ends by itself once nothing does. */
function stop(exitCode: number): void {
  if (stoppingSince !== undefined) {
    // A terminal and a package manager may both send the same Ctrl-C: only a later one is a person's impatience.
    if (performance.now() - stoppingSince > 1_000) for (const service of system.services) void service.kill();
    return;
  }
  stoppingSince = performance.now();
  process.exitCode = exitCode;
  closeControl();
  void system.stop();
}

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
process.on('SIGHUP', () => stop(0));
whenLaunchersGo(() => stop(0));

try {
  await system.start();
  closeControl = await openControl(system.services);
  if (stoppingSince !== undefined) closeControl();
  // Callers first: what to try is asked of the one that nobody here calls.
  const [first, ...others] = SERVICES.toReversed().flatMap((name) => system.addressesOf(name));
  const where = [
    `The ${first?.name} listens on ${first?.url} (ops: ${first?.opsUrl})`,
    ...others.map(({ name, url, opsUrl }) => `the ${name} on ${url} (ops: ${opsUrl})`),
  ];
  say(`
${where.join(', ')}.
Try:  curl '${first?.url}/hello?name=John'
Stop: Ctrl-C${whereLogs('\nLogs: tail -f ')}
`);
  const ports = SERVICES.flatMap((name) => system.addressesOf(name)).flatMap(({ name, url, opsUrl }) => {
    const prefix = name.toUpperCase();
    const host = process.env[`${prefix}_HOST`] ?? '127.0.0.1';
    return [
      { url, setting: `${prefix}_PORT`, host },
      { url: opsUrl, setting: `${prefix}_OPS_PORT`, host },
    ];
  });
  for (const sentence of await otherListeners(ports)) say(sentence);
} catch (error) {
  // What could not start has said why.
  if (!(error instanceof EndedBeforeListening))
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  stop(1);
}
