import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

type Pid = { readonly pid: number };

/** Sockets that a process holds, whatever it knows of them itself: the kernel's list of its open files. Linux only. */
export function socketsOf(child: Pid): number {
  const folder = `${procOf(child)}/fd`;
  return readdirSync(folder).filter((fd) => linkOf(`${folder}/${fd}`).startsWith('socket:')).length;
}

/** Memory of a process that is in RAM, in megabytes, as the kernel counts it. Linux only. */
export function residentMb(child: Pid): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${procOf(child)}/status`, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error(`process ${child.pid} has no memory: it has ended`);
  return Number(kilobytes) / 1_024;
}

/** TCP connections of this machine to an IPv4 address: made, and waiting for an answer to their SYN. Linux only. */
export function connectionsTo(url: string): { readonly made: number; readonly waiting: number } {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
  // Columns: number, local address, remote address, state.
  const lines = readFileSync(`${proc()}/net/tcp`, 'utf8').matchAll(/^ *\d+: \w+:\w+ \w+:(\w+) (\w+) /gm);
  const states = [...lines].filter(([, to]) => to === port).map(([, , state]) => state);
  return {
    made: states.filter((state) => state === '01').length,
    waiting: states.filter((state) => state === '02').length,
  };
}

const procOf = ({ pid }: Pid) => `${proc()}/${pid}`;

function proc(): string {
  if (process.platform !== 'linux') throw new Error(`this needs Linux's /proc; there is none on ${process.platform}`);
  return '/proc';
}

/** A file may be closed between being listed and being looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
