import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Debt } from './ledger.ts';

const run = promisify(execFile);

/**
 * Undoes one thing that a dead runner has left.
 * @returns what was done; `undefined` when nothing was left to do
 */
export async function undo(debt: Debt): Promise<string | undefined> {
  switch (debt.kind) {
    case 'request':
      return fetch(debt.url, { method: debt.method, signal: AbortSignal.timeout(5_000) }).then(
        ({ status }) => `${debt.method} ${debt.url} (${status})`,
        // Nobody listens there any more, so the fault is gone too.
        () => undefined,
      );
    default: {
      const [file, ...args] = debt.argv;
      const line = debt.argv.join(' ');
      return run(file, args).then(
        () => line,
        // A container that was never paused cannot be unpaused.
        (error: Error) => `${line} (refused: ${error.message.split('\n').at(-1) ?? ''})`,
      );
    }
  }
}
