import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { policyOf, sumOfMetric } from './edge-probe.ts';
import type { Debt, Ledger } from './ledger.ts';
import type { Greeter, System } from './system.ts';

const run = promisify(execFile);

/** The ops ports of up to three greeters, as docker-compose.yml publishes them. */
const GREETER_OPS_PORTS = [5_001, 5_002, 5_003];
const COMPOSE_PROJECT = 'halfopen';

/**
 * The system that `docker compose up` has started, on its published ports.
 * @throws Error where it does not run
 */
export async function attachToCompose(ledger: Ledger): Promise<System> {
  const [url, edgeOpsUrl] = ['http://127.0.0.1:8080', 'http://127.0.0.1:8081'];
  if ((await policyOf(edgeOpsUrl)) === undefined) {
    throw new Error(`no edge answers on ${edgeOpsUrl}: start it with \`docker compose up --build --wait\``);
  }
  const present = await Promise.all(
    GREETER_OPS_PORTS.map(async (port, index) => {
      const opsUrl = `http://127.0.0.1:${port}`;
      const answers = (await sumOfMetric(opsUrl, 'process_start_time_seconds')) !== undefined;
      return answers ? [composeGreeter(opsUrl, `${COMPOSE_PROJECT}-greeter-${index + 1}`, ledger)] : [];
    }),
  );
  return attached('compose', url, edgeOpsUrl, present.flat());
}

/** Any service: load and nothing else, unless a wire proxy stands before one of its dependencies. */
export function attachToUrl(url: string): System {
  return attached(url, url.replace(/\/$/, ''), undefined, []);
}

/** Nothing of it is ours to stop: only the faults are taken back. */
function attached(where: string, url: string, edgeOpsUrl: string | undefined, greeters: readonly Greeter[]): System {
  return {
    where,
    url,
    edgeOpsUrl,
    greeters,
    attempts: undefined,
    proxies: [],
    remarks: [],
    stop: () => Promise.resolve(),
  };
}

function composeGreeter(opsUrl: string, container: string, ledger: Ledger): Greeter {
  const docker = async (verb: string) => {
    await run('docker', [verb, container]).catch((error: unknown) => {
      throw new Error(`docker ${verb} ${container} failed`, { cause: error });
    });
  };
  let debt: Debt | undefined;
  const owe = (verb: string) => {
    debt = { kind: 'command', argv: ['docker', verb, container] };
    ledger.add(debt);
  };
  const settle = () => {
    if (debt !== undefined) ledger.remove(debt);
  };
  return {
    opsUrl,
    async pause() {
      owe('unpause');
      await docker('pause');
    },
    async resume() {
      await docker('unpause');
      settle();
    },
    async kill() {
      owe('start');
      await docker('kill');
    },
    async restart() {
      await docker('start');
      await listens(opsUrl);
      settle();
    },
  };
}

const LISTENS_WITHIN_MS = 15_000;

async function listens(opsUrl: string): Promise<void> {
  const until = performance.now() + LISTENS_WITHIN_MS;
  while ((await sumOfMetric(opsUrl, 'process_start_time_seconds')) === undefined) {
    if (performance.now() > until) throw new Error(`${opsUrl} does not answer ${LISTENS_WITHIN_MS} ms after its start`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
