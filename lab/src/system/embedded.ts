import { setTimeout } from 'node:timers/promises';
import { asText } from '../experiment/environment.ts';
import type { Variant } from '../experiment/format.ts';
import { createAttemptLog } from './attempt-log.ts';
import type { Ledger } from './ledger.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import type { Greeter, System } from './system.ts';
import { proxiesFor, type Wire } from './wire.ts';

/** What the edge logs during an experiment is not kept; an error that stops it is. */
const EDGE_LOG_LEVEL = 'error';

const RESTART_AFTER_MS = 500;

/**
 * Greeters and an edge of this experiment's own: real processes, free ports, nothing shared with the run before.
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
  let stopping = false;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    stopping = true;
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const greeters: (Greeter & { readonly url: string })[] = [];
    for (let n = 1; n <= variant.replicas; n++) {
      const env = {
        GREETER_PORT: '0',
        GREETER_OPS_PORT: '0',
        ...asText(variant.greeter),
        FAULTS: 'on',
        // A line for each attempt, also for those whose caller has left: they are counted.
        LOG_LEVEL: 'debug',
      };
      const start = (ports: Readonly<Record<string, string>> = {}) =>
        startService('greeter', { ...env, ...ports }, ledger, (line) => attempts.read(line));
      let current = await start();
      const { url, opsUrl } = current;
      const restart = async () => {
        current = await start({ GREETER_PORT: new URL(url).port, GREETER_OPS_PORT: new URL(opsUrl).port });
        watch(current);
      };
      // As Compose does with one that dies by itself: a fault may have told it to.
      const watch = ({ died }: ServiceProcess) => {
        void died.then(async (how) => {
          remarks.push(`Greeter ${n}: ${how}; it was started again.`);
          await setTimeout(RESTART_AFTER_MS);
          if (stopping) return;
          await restart().catch((error: Error) => remarks.push(`Greeter ${n} did not start again: ${error.message}.`));
        });
      };
      watch(current);
      stops.push(() => current.stop());
      greeters.push({
        url,
        opsUrl,
        pause: async () => current.pause(),
        resume: async () => current.resume(),
        kill: () => current.kill(),
        restart,
      });
    }
    const proxied =
      wire === undefined
        ? undefined
        : await proxiesFor(
            wire,
            greeters.map(({ url }) => url),
            ledger,
          );
    if (proxied !== undefined) stops.push(proxied.remove);
    const greeterUrls = proxied?.urls ?? greeters.map(({ url }) => url);
    const edge = await startService(
      'edge',
      {
        ...asText(variant.edge),
        EDGE_PORT: '0',
        EDGE_OPS_PORT: '0',
        FAULTS: 'on',
        LOG_LEVEL: EDGE_LOG_LEVEL,
        GREETER_URL: greeterUrls.join(','),
      },
      ledger,
      () => undefined,
    );
    void edge.died.then((how) => remarks.push(`${how[0]?.toUpperCase()}${how.slice(1)}.`));
    stops.push(() => edge.kill());
    return {
      where: 'embedded: processes of the runner',
      url: edge.url,
      edgeOpsUrl: edge.opsUrl,
      greeters,
      greeterUrls,
      attempts,
      proxies: proxied?.names ?? [],
      remarks,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
