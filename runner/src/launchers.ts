import { spawnSync } from 'node:child_process';

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
    const [, ppid = '1', command = ''] =
      /^\s*(\d+)\s+(.*)$/m.exec(
        spawnSync('ps', ['-o', 'ppid=,args=', '-p', `${pid}`], { encoding: 'utf8' }).stdout ?? '',
      ) ?? [];
    chain.push(pid);
    if (/\b(pnpm|npm|npx)\b/.test(command)) known = chain.length;
    pid = Number(ppid);
  }
  return chain.slice(0, known);
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
