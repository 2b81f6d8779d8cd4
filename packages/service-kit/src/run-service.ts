import type { Tracer } from '@opentelemetry/api';
import { type Addresses, ListenError, type Service } from './create-service.ts';
import { createLog, type Logger, type StandardOutput, standardOutput } from './log.ts';
import { processMetrics } from './process-metrics.ts';
import { type CommonConfig, SettingsError } from './settings.ts';
import { startTracing, type Tracing } from './tracing.ts';

/** What `runService` needs to run a service as a process. */
export interface RunOptions<Config extends CommonConfig> {
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
  try {
    config = options.readConfig(process.env);
  } catch (error) {
    if (error instanceof SettingsError) return fail(error.mistakes);
    throw error;
  }
  const name = prefix.toLowerCase();
  const output = standardOutput();
  const log = createLog(name, config.LOG_LEVEL, output.destination);
  const tracing = await startTracing(name, config, log);
  const service = options.createApp(config, { log, tracer: tracing?.tracer });
  processMetrics(service.registry);
  const addresses = options.addresses(config);
  try {
    const at = await service.listen(addresses);
    service.log.info(at, 'listening');
    // First: whoever is told that it listens may stop it at once.
    stopOnSignals(process, service, { tracing, output });
    process.send?.({ type: 'listening', name: service.name, ...at });
  } catch (error) {
    if (error instanceof ListenError) return fail([explain(error, prefix, addresses)]);
    throw error;
  }
}

function stopOnSignals(
  process: NodeJS.Process,
  service: Service,
  { tracing, output }: { readonly tracing: Tracing | undefined; readonly output: StandardOutput },
): void {
  const { log } = service;
  const onCrash = (error: unknown) => {
    log.fatal({ err: error }, 'unexpected error outside of any request');
    process.exit(1);
  };
  process.on('uncaughtException', onCrash);
  process.on('unhandledRejection', onCrash);

  let stoppingSince: number | undefined;
  const stop = (reason: string) => {
    if (stoppingSince !== undefined) {
      // A terminal and a package manager often both send the same signal. Only a later one is a person's second Ctrl-C.
      if (performance.now() - stoppingSince < SAME_SIGNAL_MS) return;
      log.warn({ reason }, 'stopping at once');
      process.exit(1);
    }
    stoppingSince = performance.now();
    log.info({ reason }, 'stopping: waiting for requests in flight');
    const close = async () => {
      await service.close();
      await tracing?.close();
      log.info('stopped');
      await output.end();
      process.exit(0);
    };
    close().catch(onCrash);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', () => {
    if (stoppingSince === undefined) stop('the process that started this one is gone');
  });
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
