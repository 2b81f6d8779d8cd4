import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Calls back once the package manager that started this process has gone: `npx pnpm start` is a chain of processes, and
 * npx does not pass SIGTERM on to the next.
 */
export function whenLaunchersGo(callback: () => void): void {
  const launchers = launchersOf(process.ppid);
  const timer = setInterval(() => {
    if (launchers.every(isAlive)) return;
    clearInterval(timer);
    callback();
  }, 250);
  timer.unref();
}

/** The chain of package managers that this process runs under, innermost first, shells between them included. */
function launchersOf(parent: number): number[] {
  const chain: number[] = [];
  let known = 0;
  for (let pid = parent; pid > 1; ) {
    const { parent: next, command } = describe(pid);
    chain.push(pid);
    if (/\b(pnpm|npm|npx)\b/.test(command)) known = chain.length;
    pid = next;
  }
  return chain.slice(0, known);
}

/** The parent of a process, and its command line. If it has ended: pid 1, and nothing. */
function describe(pid: number): { readonly parent: number; readonly command: string } {
  // Linux tells it in files. `ps` is missing in small images.
  if (process.platform === 'linux') {
    try {
      const [, ppid] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return { parent: Number(ppid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
    } catch {
      return { parent: 1, command: '' };
    }
  }
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', `${pid}`], { encoding: 'utf8' });
  const [, ppid = '1', command = ''] = /^\s*(\d+)\s+(.*)$/m.exec(stdout ?? '') ?? [];
  return { parent: Number(ppid), command };
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
