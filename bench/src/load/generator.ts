/** The process that makes the load: its own, so that nothing else waits for it, nor it for anything. */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyNs, cpuNsOf } from '../kernel.ts';
import { closedLoop } from './closed-loop.ts';
import { latencyOf } from './latency.ts';
import type { OpenTask, Task, Window } from './protocol.ts';

async function measure({ url, pid, beside, connections, expected, settleMs, windowMs }: Task): Promise<Window> {
  const loop = closedLoop(url, connections, expected);
  await sleep(settleMs);
  // Clock, counter and CPU are read together: what lies between them is less than a request.
  const snapshot = () => ({
    at: performance.now(),
    answered: loop.answered,
    wrong: loop.wrong,
    cpuNs: cpuNsOf([pid]),
    othersNs: busyNs() - cpuNsOf([pid, process.pid, ...beside]),
  });
  const from = snapshot();
  await sleep(windowMs);
  const to = snapshot();
  loop.stop();
  return {
    requests: to.answered - from.answered,
    seconds: (to.at - from.at) / 1_000,
    cpuNs: to.cpuNs - from.cpuNs,
    othersNs: to.othersNs - from.othersNs,
    wrong: to.wrong - from.wrong,
    example: loop.example,
  };
}

process.on('message', (task: Task | OpenTask) => {
  const done: Promise<object> = 'ratePerS' in task ? latencyOf(task) : measure(task);
  done.then(
    (measured) => process.send?.(measured),
    (error: unknown) => {
      throw error;
    },
  );
});
process.on('disconnect', () => process.exit());
