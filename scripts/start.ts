/**
 * `pnpm start`: greeter and edge as two processes, until Ctrl-C or SIGTERM. A service that dies later on leaves the other
 * one running, as it would in production; `pnpm faults` starts it again.
 */
import { whenLaunchersGo } from './launchers.ts';
import { openControl } from './start/control.ts';
import { CommandError, type Listening, ServiceProcess } from './start/service-process.ts';

const services = new Map<string, ServiceProcess>();
let stoppingSince: number | undefined;
let closeControl = () => {};

const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(name: string, env: NodeJS.ProcessEnv): Promise<Listening> {
  const service = new ServiceProcess(name, env, (how) => {
    if (stoppingSince !== undefined) return;
    say(`${name} has died (${how}). It starts again with: pnpm faults start ${name}`);
    // With nobody left there is nothing to be in charge of.
    if ([...services.values()].every(({ state }) => state === 'stopped')) stop(1);
  });
  services.set(name, service);
  return service.start();
}

/** Stops what still runs; this process ends by itself once nothing does. */
function stop(exitCode: number): void {
  if (stoppingSince !== undefined) {
    // A terminal and a package manager may both send the same Ctrl-C: only a later one is a person's impatience.
    if (performance.now() - stoppingSince > 1_000) for (const service of services.values()) service.destroy();
    return;
  }
  stoppingSince = performance.now();
  process.exitCode = exitCode;
  closeControl();
  void stopInTurn();
}

/** Who asks before who answers: what the edge has begun may need the greeter once more. */
async function stopInTurn(): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
  for (const service of [...services.values()].toReversed()) await service.stop();
}

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
process.on('SIGHUP', () => stop(0));
whenLaunchersGo(() => stop(0));

const env = { FAULTS: 'on', ...process.env };
try {
  const greeter = await run('greeter', env);
  const edge = await run('edge', { GREETER_URL: greeter.url, ...env });
  closeControl = await openControl(services);
  if (stoppingSince !== undefined) closeControl();
  say(`
The edge listens on ${edge.url} (ops: ${edge.opsUrl}), the greeter on ${greeter.url} (ops: ${greeter.opsUrl}).
Try:  curl '${edge.url}/hello?name=John'
Stop: Ctrl-C
`);
} catch (error) {
  // What could not start has said why.
  if (!(error instanceof CommandError))
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  stop(1);
}
