import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { root } from './readme.ts';

/** Between the outputs of two pastes; no command prints it. */
const END = '\u0004';

/**
 * What a terminal is to somebody who pastes one block of a page after the other: one bash with job control, so that
 * variables and background jobs live on from block to block (`kill %?8090`). Ends, with all its jobs, when the test does.
 * @returns runs commands; resolves with what they printed. Rejects when the last one fails
 */
export function openShell(env: NodeJS.ProcessEnv): (commands: string) => Promise<string> {
  // Commands come through descriptor 3: on stdin any of them could read the ones after it.
  const loop = `set -meu
    trap 'for job in $(jobs -p); do kill -- -$job; done' EXIT
    while IFS= read -r -d '' -u 3 pasted; do eval "$pasted"; printf '${END}'; done`;
  const bash = spawn('bash', ['-c', loop], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const ended = once(bash, 'exit');
  // With a fourth descriptor, the types of Node no longer know of the first three.
  const [, stdout, stderr, input] = bash.stdio as unknown as [null, Readable, Readable, Writable];
  let printed = '';
  let complaints = '';
  stdout.on('data', (data) => {
    printed += data;
  });
  stderr.on('data', (data) => {
    complaints += data;
  });
  onTestFinished(async () => {
    input.end();
    await ended;
  });
  return async (commands) => {
    input.write(`${commands}\0`);
    while (!printed.includes(END)) {
      // oxlint-disable-next-line no-await-in-loop -- until all of it has been printed
      await Promise.race([once(stdout, 'data'), ended]);
      if (bash.exitCode !== null) throw new Error(`${commands}\nexited with ${bash.exitCode}: ${complaints}`);
    }
    const [output = '', rest = ''] = printed.split(END);
    printed = rest;
    return output;
  };
}
