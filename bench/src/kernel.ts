import { readdirSync, readFileSync } from 'node:fs';

/** CPU that processes have used so far, all their threads together, in nanoseconds, as Linux' scheduler counts it. */
export function cpuNsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuNs(pid), 0);
}

function cpuNs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  // First field of three. utime and stime count in hundredths of a second: too coarse for a window of one.
  return readdirSync(folder).reduce(
    (sum, task) => sum + Number.parseInt(readFileSync(`${folder}/${task}/schedstat`, 'utf8'), 10),
    0,
  );
}

/** Memory of processes that is in RAM, in bytes. What they share counts once for each. */
export function residentBytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    if (kilobytes === undefined) throw new Error(`process ${pid} has no memory: it has ended`);
    return sum + Number(kilobytes) * 1_024;
  }, 0);
}

/** CPU that everything on this machine has used so far, in nanoseconds, what a hypervisor took away included. Counted in hundredths of a second. */
export function busyNs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * 1e7;
}
