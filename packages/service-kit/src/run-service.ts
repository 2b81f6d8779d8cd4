import type { Tracer } from '@opentelemetry/api';
import { type Addresses, ListenError, type Service } from './create-service.ts';
import { createLog, type Logger, standardLogOutput } from './log.ts';
import type { LogOutput } from './log-output.ts';
import { processMetrics } from './process-metrics.ts';
import { type CommonConfig, SettingsError } from './settings.ts';
import { PARENT_GONE, type StopSignals } from './stop-signals.ts';
import { startTracing, type Tracing } from './tracing.ts';

/** What `runService` needs to run a service as a process. */
export interface RunOptions<Config extends CommonConfig> {
  /** Caught since the first line of the process, by `catchStopSignals`. */
  readonly signals: StopSignals;
  /** Prefix of the service's own settings, such as `EDGE`. Messages about a port name `EDGE_PORT` or `EDGE_OPS_PORT`. */
  readonly prefix: string;
  /** @throws SettingsError if a setting is invalid */
  readonly readConfig: (env: NodeJS.ProcessEnv) => Config;
  readonly addresses: (config: Config) => Addresses;
  readonly createApp: (config: Config, parts: { readonly log: Logger; readonly tracer: Tracer | undefined }) => Service;
}

/**
 * Runs a service as a process. SIGTERM, SIGINT and the loss of the IPC channel to the parent process stop it gracefully;
 * a second signal, at least a second later, stops it at once. If it cannot start, it writes one line per mistake to
 * standard error and exits with 1.
 * @param process the process that the service runs in
 */
export async function runService<Config extends CommonConfig>(
  process: NodeJS.Process,
  options: RunOptions<Config>,
): Promise<void> {
  const { prefix } = options;
  const fail = (mistakes: readonly string[]) => {
    for (const mistake of mistakes) process.stderr.write(`${prefix.toLowerCase()}: ${mistake}\n`);
    process.exit(1);
  };
  let config: Config;
  let addresses: Addresses;
  try {
    config = options.readConfig(process.env);
    addresses = options.addresses(config);
    requireTwoPorts(prefix, addresses);
  } catch (error) {
    if (error instanceof SettingsError) return fail(error.mistakes);
    throw error;
  }
  const name = prefix.toLowerCase();
  const output = standardLogOutput(name);
  const log = createLog(name, config.LOG_LEVEL, output);
  const tracing = await startTracing(name, config, log);
  const service = options.createApp(config, { log, tracer: tracing?.tracer });
  processMetrics(service.registry, output);
  try {
    const at = await service.listen(addresses);
    service.log.info(at, 'listening');
    // First: a parent that is told that this process listens may stop it at once.
    stopOnSignals(process, options.signals, service, { tracing, output });
    process.send?.({ type: 'listening', name: service.name, ...at });
  } catch (error) {
    if (error instanceof ListenError) return fail([explain(error, prefix, addresses)]);
    throw error;
  }
}

/** Both ports would be taken from each other, and the message would blame another process. */
function requireTwoPorts(prefix: string, { port, opsPort }: Addresses): void {
  if (port !== opsPort || port === 0) return;
  throw new SettingsError([`${prefix}_PORT and ${prefix}_OPS_PORT are both ${port}: set one of them to another port`]);
}

function stopOnSignals(
  process: NodeJS.Process,
  signals: StopSignals,
  service: Service,
  { tracing, output }: { readonly tracing: Tracing | undefined; readonly output: LogOutput },
): void {
  const { log } = service;
  const onCrash = (error: unknown) => {
    log.fatal({ err: error }, 'unexpected error outside of any request');
    output.flushSync();
    process.exit(1);
  };
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);

  let stoppingSince: number | undefined;
  const stop = (reason: string) => {
    if (stoppingSince !== undefined) {
      // A parent that goes while this process stops asks for nothing new.
      if (reason === PARENT_GONE) return;
      // A terminal and a package manager often both send the same signal. Only a later one is a person's second Ctrl-C.
      if (performance.now() - stoppingSince < SAME_SIGNAL_MS) return;
      log.warn({ reason }, 'stopping at once');
      output.flushSync();
      process.exit(1);
    }
    stoppingSince = performance.now();
    log.info({ reason }, 'stopping: waiting for requests in flight');
    const close = async () => {
      await service.close();
      await tracing?.close();
      log.info('stopped');
      await output.drain();
      process.exit(0);
    };
    close().catch(onCrash);
  };
  signals.onStop(stop);
}

/** Signals closer together than this count as one. */
const SAME_SIGNAL_MS = 1_000;

function explain({ which, code }: ListenError, prefix: string, { host, port, opsPort }: Addresses): string {
  const variable = which === 'port' ? `${prefix}_PORT` : `${prefix}_OPS_PORT`;
  const set = `${variable}=${which === 'port' ? port : opsPort}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${set} is taken on ${host}: stop what listens there, or set ${variable} to a free port`;
    case 'EACCES':
      return `${set} needs privileges that this process does not have. Set ${variable} to 1024 or higher`;
    default:
      return `${prefix}_HOST=${host} cannot be used to listen (${code}): set it to an address of this machine`;
  }
}
