import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LatencyFigures, OpenTask, Task, Window } from './protocol.ts';

/** The CPU that requests cost a process, and how many there were a second. */
export interface Cost {
  readonly cpuUs: number;
  readonly perSecond: number;
  /** Share of one core that the process has used. */
  readonly cores: number;
  /** Of how many cores processes that have nothing to do with it have taken. */
  readonly othersCores: number;
  readonly requests: number;
}

export interface Generator {
  /** @throws Error where an answer is not what was expected: nothing is known then of the cost of what was */
  measure(task: Task): Promise<Cost>;
  /** Load whose answers nobody judges: while code is compiled, or breakers open. */
  warmUp(task: Task): Promise<void>;
  /** How long callers wait at a fixed rate. */
  latency(task: OpenTask): Promise<LatencyFigures>;
  stop(): void;
}

/** Starts the process that makes the load. One task at a time. */
export function startGenerator(): Generator {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the process that makes the load has ended (${signal ?? `exit code ${code}`})`);
  });
  // Whoever measures hears of it.
  ended.catch(() => undefined);
  const run = async (task: Task | OpenTask): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(task);
    const [measured] = await Promise.race([answer, ended]);
    return measured;
  };
  return {
    measure: async (task) => costOf((await run(task)) as Window, task),
    async warmUp(task) {
      await run(task);
    },
    latency: async (task) => (await run(task)) as LatencyFigures,
    stop: () => void child.kill('SIGKILL'),
  };
}

/** So many answers of another kind are let pass: an open breaker lets a call through now and then, to see. */
const OTHERWISE = 0.01;

function costOf({ requests, seconds, cpuNs, othersNs, wrong, example }: Window, { url, expected }: Task): Cost {
  if (requests === 0 || wrong > OTHERWISE * requests) {
    throw new Error(
      `${wrong} of ${requests} answers of ${url} were not ${expected.status} with ${expected.text}, but: ${example}`,
    );
  }
  return {
    cpuUs: cpuNs / 1_000 / requests,
    perSecond: requests / seconds,
    cores: cpuNs / 1e9 / seconds,
    othersCores: Math.max(0, othersNs / 1e9 / seconds),
    requests,
  };
}
