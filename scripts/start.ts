/**
 * `pnpm start`: greeter and edge as two processes, until Ctrl-C or SIGTERM. Each is started with a channel to this
 * process (they say when they listen, and stop by themselves should this process be killed), and outside of its process
 * group (a Ctrl-C reaches them once, through here).
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Listening {
  readonly type: 'listening';
  readonly name: string;
  readonly url: string;
  readonly opsUrl: string;
}

/** What a service has, after which it is killed: a little more than its own graceful shutdown takes. */
const KILL_AFTER_MS = 12_000;

const children = new Map<string, ChildProcess>();
let stoppingSince: number | undefined;

function run(name: string, env: NodeJS.ProcessEnv): Promise<Listening> {
  const main = fileURLToPath(new URL(`../services/${name}/src/main.ts`, import.meta.url));
  const child = fork(main, { env, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.set(name, child);
  return new Promise((resolve) => {
    child.on('message', (message) => resolve(message as Listening));
    child.on('exit', (code) => {
      children.delete(name);
      if (stoppingSince === undefined) stop(code === 0 ? 0 : 1);
    });
  });
}

/** Stops what still runs; this process ends by itself once nothing does. */
function stop(exitCode: number): void {
  if (stoppingSince !== undefined) {
    // A terminal and a package manager may both send the same Ctrl-C: only a later one is a person's impatience.
    if (performance.now() - stoppingSince > 1_000) for (const child of children.values()) child.kill('SIGKILL');
    return;
  }
  stoppingSince = performance.now();
  process.exitCode = exitCode;
  for (const child of children.values()) child.kill('SIGTERM');
  setTimeout(() => {
    for (const child of children.values()) child.kill('SIGKILL');
  }, KILL_AFTER_MS).unref();
}

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
process.on('SIGHUP', () => stop(0));

// `npx pnpm start` is a chain of processes, and npx does not pass SIGTERM on to the next: notice when a link is gone.
const launchers = launchersOf(process.ppid);
setInterval(() => {
  if (stoppingSince === undefined && !launchers.every(isAlive)) stop(0);
}, 250).unref();

const env = { FAULTS: 'on', ...process.env };
const greeter = await run('greeter', env);
const edge = await run('edge', { GREETER_URL: greeter.url, ...env });
process.stdout.write(`
The edge listens on ${edge.url} (ops: ${edge.opsUrl}), the greeter on ${greeter.url} (ops: ${greeter.opsUrl}).
Try:  curl '${edge.url}/hello?name=John'
Stop: Ctrl-C

`);

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
