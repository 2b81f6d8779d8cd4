import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Load } from '../experiment/format.ts';
import type { FromGenerator, Measured, Progress, ToGenerator } from './protocol.ts';

export interface GeneratorProcess {
  /** @param zeroAtMs when `before` begins ({@link monotonicMs}) */
  start(zeroAtMs: number): void;
  /** Sends no further request; `measured` then resolves with what was measured. */
  stop(): void;
  readonly measured: Promise<Measured>;
  kill(): void;
}

/** Starts the process that generates the load, and waits until it is ready. */
export async function startGenerator(
  url: string,
  load: Load,
  seed: number,
  onProgress: (progress: Progress) => void,
): Promise<GeneratorProcess> {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), {
    // Typed arrays stay typed arrays.
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  const tell = (message: ToGenerator) => child.send(message);
  let ready: () => void;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const measured = new Promise<Measured>((resolve, reject) => {
    child.on('message', (message: FromGenerator) => {
      if (message.type === 'ready') ready();
      else if (message.type === 'progress') onProgress(message);
      else resolve(message);
    });
    child.on('exit', (code, signal) => {
      reject(new Error(`the process that generates the load has ended (${signal ?? `exit code ${code}`})`));
    });
  });
  // The caller handles the rejection when it awaits this; an unhandled one must not end the process before.
  measured.catch(() => undefined);
  tell({ type: 'prepare', url, load, seed });
  await Promise.race([isReady, once(child, 'exit').then(() => measured)]);
  return {
    start: (zeroAtMs) => void tell({ type: 'start', zeroAtMs }),
    stop: () => {
      if (child.connected) tell({ type: 'stop' });
    },
    measured,
    kill: () => void child.kill('SIGKILL'),
  };
}
