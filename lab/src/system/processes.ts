import { spawnSync } from 'node:child_process';

/** The command line of a process; `undefined` when there is no such process. */
export function commandOf(pid: number): string | undefined {
  const { status, stdout, error } = spawnSync('ps', ['-o', 'stat=,args=', '-p', String(pid)], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('`ps` cannot be run: it tells our processes from others', { cause: error });
  const [, state = 'Z', args] = /^\s*(\S+)\s+(.*)$/m.exec(stdout) ?? [];
  // A zombie no longer runs; it only waits for its exit code to be read.
  return status === 0 && !state.startsWith('Z') ? args : undefined;
}
