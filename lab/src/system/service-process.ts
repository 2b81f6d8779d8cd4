import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Debt, Ledger } from './ledger.ts';

/** A service of ours as a process. */
export interface ServiceProcess {
  readonly url: string;
  readonly opsUrl: string;
  pause(): void;
  resume(): void;
  /** SIGKILL, whatever state it is in; resolves once it has ended. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL if that does not end it soon; resolves once it has ended and all that it wrote has been read. */
  stop(): Promise<void>;
  /** Resolves if it ends without having been killed here. */
  readonly died: Promise<string>;
}

interface Listening {
  readonly url: string;
  readonly opsUrl: string;
}

/** What a service has to end its requests, whose callers have gone by then. */
const STOP_WITHIN_MS = 1_000;

let started = 0;
const running = new Set<ChildProcess>();
// Whatever ends this process, nothing of ours stays; SIGKILL alone leaves it to the next run.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a service and waits until it listens.
 * @param onLine gets every line that it logs
 * @throws Error with what it wrote, where it cannot start
 */
export async function startService(
  name: 'edge' | 'greeter',
  env: Readonly<Record<string, string>>,
  ledger: Ledger,
  onLine: (line: string) => void,
): Promise<ServiceProcess> {
  const mark = `--of-lab-run=${process.pid}-${++started}`;
  const child = fork(fileURLToPath(new URL(`../../../services/${name}/src/main.ts`, import.meta.url)), [mark], {
    // Only what the variant says: a setting in the user's shell must not change the result.
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    // A Ctrl-C in the terminal must not end it before the runner has what it came for.
    detached: true,
  });
  running.add(child);
  const debt: Debt = { kind: 'process', pid: child.pid ?? 0, mark };
  ledger.add(debt);
  let lastWords = '';
  const allRead = [child.stdout, child.stderr].map(async (stream) => {
    if (stream === null) return;
    const lines = createInterface(stream).on('line', (line) => {
      if (stream === child.stderr) lastWords += `${line}\n`;
      onLine(line);
    });
    await once(lines, 'close');
  });
  let killed = false;
  const exited = Promise.all([once(child, 'exit'), ...allRead]).then(([[code, signal]]) => {
    running.delete(child);
    ledger.remove(debt);
    return signal === null ? `exit code ${code}` : String(signal);
  });
  const died = new Promise<string>((resolve) => {
    void exited.then((how) => {
      if (!killed)
        resolve(`the ${name} has ended by itself (${how})${lastWords === '' ? '' : `: ${lastWords.trim()}`}`);
    });
  });
  const listening = once(child, 'message').then(([message]) => message as Listening);
  const first = await Promise.race([listening, died]);
  if (typeof first === 'string') throw new Error(first);
  return {
    ...first,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async kill() {
      killed = true;
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      killed = true;
      const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(hurry);
    },
    died,
  };
}
