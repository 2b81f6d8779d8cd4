/** The reason when the process that started this one has gone, which closes the IPC channel. */
export const PARENT_GONE = 'the process that started this one is gone';

/** What ends a process from outside, and what the process does then. */
export interface StopSignals {
  /**
   * From now on, `stop` is called for each signal with its reason: the name of the signal, or `PARENT_GONE`. Until then, a
   * signal ends the process at once: nothing has been promised to anybody yet.
   */
  onStop(stop: (reason: string) => void): void;
}

/** What is needed of `process`. */
type SignalSource = Pick<NodeJS.Process, 'pid' | 'on' | 'exit'>;

/**
 * Catches SIGTERM, SIGINT and the loss of the IPC channel to the parent process. Call it before anything else is imported.
 *
 * Until `onStop`, the default action ends the process, except for PID 1 of a container, which has none: it would ignore a
 * `docker stop` while modules load, and be killed later. A handler is second best, because it runs only when the event loop
 * turns, and while modules load it hardly does: for a second, or several on a busy machine.
 */
export function catchStopSignals(process: SignalSource): StopSignals {
  let stop = (_reason: string): void => process.exit(0);
  const catchSignals = () => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, (signal) => stop(signal));
  };
  const isFirst = process.pid === 1;
  if (isFirst) catchSignals();
  process.on('disconnect', () => stop(PARENT_GONE));
  return {
    onStop(handler) {
      stop = handler;
      if (!isFirst) catchSignals();
    },
  };
}
