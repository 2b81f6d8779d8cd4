import { ask, askStatus, controlPaths, type Status } from '../start/control.ts';
import { Refusal, type System } from './system.ts';

/** Every `pnpm start` of this repository that runs, and says so itself. */
export async function findStarts(): Promise<readonly { readonly pid: number; readonly system: System }[]> {
  const found = await Promise.all(
    controlPaths().map(async (path) => {
      const status = await askStatus(path).catch((error: unknown) => {
        throw new Refusal(error instanceof Error ? error.message : String(error));
      });
      return status === undefined ? [] : [{ pid: status.pid, system: startSystem(path, status) }];
    }),
  );
  return found.flat();
}

function startSystem(path: string, { pid, services }: Status): System {
  const title = `pnpm start (pid ${pid})`;
  const requireService = (service: string) => {
    if (!services.some(({ name }) => name === service)) {
      throw new Refusal(`${title} runs no ${service}; it runs ${services.map(({ name }) => name).join(' and ')}`);
    }
  };
  return {
    title,
    status: async () =>
      services.map(({ name, state, pid: id, url, opsUrl }) => ({
        service: name,
        state,
        id: id === undefined ? '-' : `pid ${id}`,
        where: state === 'stopped' || url === undefined ? '-' : `${url} (ops: ${opsUrl})`,
      })),
    command: async (word, service) => {
      requireService(service);
      const done = await ask<{ message: string }>(path, 'POST', `/${service}/${word}`).catch((error: unknown) => {
        throw new Refusal(error instanceof Error ? error.message : String(error));
      });
      if (done === undefined) throw new Refusal(`${title} has gone meanwhile`);
      return done.message;
    },
    scale: async (service) => {
      requireService(service);
      throw new Refusal(
        `under pnpm start there is one ${service}, because its port is: \`docker compose up --build --wait\` gives ` +
          'each replica an address of its own',
      );
    },
    isolate: async (service) => {
      requireService(service);
      throw new Refusal(
        `under pnpm start all processes share the loopback interface, so ${service} has no network of its own to ` +
          'lose: run the system with `docker compose up --build --wait`, or put `pnpm faults proxy` before it ' +
          '(docs/guides/wire.md)',
      );
    },
    rejoin: async (service) => {
      requireService(service);
      throw new Refusal(`under pnpm start no service can be isolated, so ${service} has nothing to rejoin`);
    },
  };
}
