import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { policyOf, sumOfMetric } from './edge-probe.ts';
import type { Debt, Ledger } from './ledger.ts';
import type { Greeter, System } from './system.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/**
 * Ports of the edge in its container, and the port where `greeter-ops` forwards to the ops port of the first greeter.
 */
const [EDGE_PORT, EDGE_OPS_PORT, FIRST_GREETER_OPS_PORT] = [8_080, 8_081, 5_001];

/**
 * Attaches to the system that `docker compose up` started in this folder (or as `COMPOSE_PROJECT_NAME`), on whatever
 * ports it publishes.
 * @throws Error when it is not running
 */
export async function attachToCompose(ledger: Ledger): Promise<System> {
  const published = await publishedPorts();
  const [url, edgeOpsUrl] = [published.edge?.get(EDGE_PORT), published.edge?.get(EDGE_OPS_PORT)];
  if (url === undefined || edgeOpsUrl === undefined || (await policyOf(edgeOpsUrl)) === undefined) {
    throw new Error('no edge answers: start it with `docker compose up --build --wait`');
  }
  const present = await Promise.all(
    [...(published['greeter-ops'] ?? [])].map(async ([port, opsUrl]) => {
      const answers = (await sumOfMetric(opsUrl, 'process_start_time_seconds')) !== undefined;
      const container = [published.project, 'greeter', port - FIRST_GREETER_OPS_PORT + 1].join(published.dash);
      return answers ? [composeGreeter(opsUrl, container, ledger)] : [];
    }),
  );
  return attached('compose', url, edgeOpsUrl, present.flat());
}

const composeContainer = z.object({
  Name: z.string(),
  Project: z.string(),
  Service: z.string(),
  Publishers: z.array(z.object({ TargetPort: z.int(), PublishedPort: z.int() })).nullable(),
});

/** `dash`: what Compose puts between project, service and number in the name of a container; `_` with --compatibility. */
type Published = { readonly project: string; readonly dash: string } & Readonly<
  Partial<Record<'edge' | 'greeter-ops', ReadonlyMap<number, string>>>
>;

/** The published addresses of each service, by port in the container, ascending. */
async function publishedPorts(): Promise<Published> {
  const { stdout } = await run('docker', ['compose', 'ps', '--format', 'json'], { cwd: ROOT }).catch(
    (error: unknown) => {
      throw new Error('docker compose cannot be asked what runs', { cause: error });
    },
  );
  const containers = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => composeContainer.parse(JSON.parse(line)));
  const addressesOf = (service: string) =>
    new Map(
      containers
        .filter(({ Service }) => Service === service)
        .flatMap(({ Publishers }) => Publishers ?? [])
        .filter(({ PublishedPort }) => PublishedPort > 0)
        .toSorted((a, b) => a.TargetPort - b.TargetPort)
        .map(({ TargetPort, PublishedPort }) => [TargetPort, `http://127.0.0.1:${PublishedPort}`]),
    );
  const { Name: name = '', Project: project = '' } = containers[0] ?? {};
  return {
    project,
    dash: name[project.length] ?? '-',
    edge: addressesOf('edge'),
    'greeter-ops': addressesOf('greeter-ops'),
  };
}

/**
 * Attaches to any service: it gets load and nothing else, unless a wire proxy is in front of one of its dependencies.
 */
export function attachToUrl(url: string): System {
  return attached(url, url.replace(/\/$/, ''), undefined, []);
}

/** The system is not ours to stop; only faults are undone. */
function attached(where: string, url: string, edgeOpsUrl: string | undefined, greeters: readonly Greeter[]): System {
  return {
    where,
    url,
    edgeOpsUrl,
    greeters,
    greeterUrls: [],
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
