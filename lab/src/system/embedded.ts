import { setTimeout } from 'node:timers/promises';
import {
  ComposedSystem,
  describeEnding,
  EndedBeforeListening,
  type Ending,
  type ServiceName,
  type ServiceOptions,
  type ServiceProcess,
} from '@halfopen/runner';
import { asText } from '../experiment/environment.ts';
import type { Variant } from '../experiment/format.ts';
import { createAttemptLog } from './attempt-log.ts';
import type { Ledger } from './ledger.ts';
import type { Greeter, System } from './system.ts';
import { type Proxies, proxiesFor, type Wire } from './wire.ts';

const RESTART_AFTER_MS = 500;
/** How long a greeter may take to end its requests, whose callers are gone by then. */
const STOP_WITHIN_MS = 1_000;

/**
 * Starts greeters and an edge for this run alone: real processes, as they are shipped, on free ports.
 * @param wire puts a proxy in front of each greeter
 * @throws Error with what the service wrote, where one cannot start
 */
export async function startEmbedded(
  variant: Variant,
  seed: number,
  { ledger, wire }: { readonly ledger: Ledger; readonly wire: Wire | undefined },
): Promise<System> {
  const attempts = createAttemptLog(seed);
  const remarks: string[] = [];
  const errors = new Map<string, string>();
  let stopping = false;
  let proxies: Proxies | undefined;

  /** `Greeter 2 ended by itself (exit code 1): what it wrote to its standard error`. */
  const storyOf = (title: string, ending: Ending) =>
    `${title} ended by itself (${describeEnding(ending)})${lastWords(errors.get(title))}`;

  const greeterOptions = (title: string, replica: number): ServiceOptions => ({
    ...optionsOf(title, {
      GREETER_PORT: '0',
      GREETER_OPS_PORT: '0',
      ...asText(variant.greeter),
      // One line per attempt, including those whose caller has left: they are counted.
      LOG_LEVEL: 'debug',
    }),
    stdout: (line) => attempts.read(line),
    // Like Compose, restart a process that ended on its own: a fault may have told it to exit.
    onDeath: (ending) => void startAgain(title, replica, ending),
  });
  const edgeOptions = (title: string): ServiceOptions => ({
    ...optionsOf(title, {
      ...asText(variant.edge),
      EDGE_PORT: '0',
      EDGE_OPS_PORT: '0',
      // Its log is not kept during an experiment, except an error that stops it.
      LOG_LEVEL: 'error',
    }),
    stdout: () => undefined,
    onDeath: (ending) => remarks.push(`${storyOf(title, ending)}.`),
  });
  const optionsOf = (title: string, env: Readonly<Record<string, string>>): ServiceOptions => ({
    // Only the variant's variables: a setting in the user's shell must not change the result.
    env: { PATH: process.env.PATH, ...env, FAULTS: 'on' },
    stderr: (line) => errors.set(title, `${errors.get(title) ?? ''}${line}\n`),
  });
  const startAgain = async (title: string, replica: number, ending: Ending) => {
    remarks.push(`${storyOf(title, ending)}; it was started again.`);
    errors.delete(title);
    await setTimeout(RESTART_AFTER_MS);
    if (stopping) return;
    const greeter = services.of('greeter')[replica - 1];
    await greeter?.start().catch((error: Error) => remarks.push(`${title} did not start again: ${error.message}.`));
  };

  const titleOf = (name: ServiceName, replica: number) => (name === 'greeter' ? `Greeter ${replica}` : 'The edge');
  const services = new ComposedSystem({
    replicas: { greeter: variant.replicas },
    optionsOf: (name, replica) => {
      const title = titleOf(name, replica);
      return name === 'greeter' ? greeterOptions(title, replica) : edgeOptions(title);
    },
    between: async (name, urls) => {
      if (name !== 'greeter' || wire === undefined) return urls;
      proxies = await proxiesFor(wire, urls, ledger);
      return proxies.urls;
    },
  });
  const stop = async () => {
    stopping = true;
    await Promise.all(services.of('edge').map((edge) => edge.kill()));
    await proxies?.remove();
    await Promise.all(services.of('greeter').map((greeter) => greeter.stop(STOP_WITHIN_MS)));
  };
  try {
    await services.start();
  } catch (error) {
    await stop();
    if (!(error instanceof EndedBeforeListening)) throw error;
    throw new Error(`${error.message}${lastWords([...errors.values()].join(''))}`, { cause: error });
  }
  const [edge] = services.addressesOf('edge');
  const greeters = services.addressesOf('greeter');
  return {
    where: 'embedded: processes of the runner',
    url: edge?.url ?? '',
    edgeOpsUrl: edge?.opsUrl,
    greeters: services.of('greeter').map((process, index) => greeterOf(process, greeters[index]?.opsUrl ?? '')),
    greeterUrls: proxies?.urls ?? greeters.map(({ url }) => url),
    attempts,
    proxies: proxies?.names ?? [],
    remarks,
    stop,
  };
}

function greeterOf(service: ServiceProcess, opsUrl: string): Greeter {
  return {
    opsUrl,
    pause: async () => service.pause(),
    resume: async () => service.resume(),
    kill: () => service.kill(),
    restart: async () => void (await service.start()),
  };
}

const lastWords = (text = '') => (text === '' ? '' : `: ${text.trim()}`);
