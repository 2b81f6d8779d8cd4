/** The reason when the process that started this one has gone, which closes the IPC channel. */
export const PARENT_GONE = 'the process that started this one is gone';

/** What ends a process from outside, and what the process does then. */
export interface StopSignals {
  /**
   * From now on, `stop` is called for each signal with its reason: the name of the signal, or `PARENT_GONE`. Until then, a signal ends the process at once with code 0.
   */
  onStop(stop: (reason: string) => void): void;
}

/**
 * Catches SIGTERM, SIGINT and the loss of the IPC channel to the parent process. Call it before anything else is imported:
 * modules take up to a second to load, and PID 1 of a container has no default action for signals, so a `docker stop`
 * during that second would have no effect and end in SIGKILL.
 */
export function catchStopSignals(process: NodeJS.Process): StopSignals {
  // Nothing has been promised to anybody yet.
  let stop = (_reason: string): void => process.exit(0);
  process.on('SIGTERM', (signal) => stop(signal));
  process.on('SIGINT', (signal) => stop(signal));
  process.on('disconnect', () => stop(PARENT_GONE));
  return {
    onStop(handler) {
      stop = handler;
    },
  };
}
