import { globSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../services.ts';

const FOLDER = fileURLToPath(new URL('.halfopen/logs/', ROOT));

/** The log files of all services, as a pattern for a shell in the folder where the command was typed. */
export const LOG_FILES = relative(process.env.INIT_CWD ?? process.cwd(), join(FOLDER, '*.log'));

/**
 * Opens the file that takes the log of a service, so that the terminal stays readable. Files of earlier starts are removed, except of
 * those that still run.
 * @returns its descriptor, open for appending: a service that is started again goes on where it stopped
 */
export function openServiceLog(service: string): number {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  for (const file of globSync(`${FOLDER}${service}-*.log`)) {
    const pid = Number(/-(\d+)\.log$/.exec(basename(file))?.[1]);
    if (!isAlive(pid)) rmSync(file, { force: true });
  }
  return openSync(join(FOLDER, `${service}-${process.pid}.log`), 'a', 0o600);
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
