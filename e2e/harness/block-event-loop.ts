/**
 * Loaded by `--import`: blocks the only thread of the process when told to, over the local socket `BLOCK_SOCKET`. A message is the kind
 * of callback in which to block, and for how many milliseconds: `timer 800` or `socket 800`.
 */
import { createServer } from 'node:net';

const path = process.env.BLOCK_SOCKET;
if (path === undefined) throw new Error('BLOCK_SOCKET is missing');

function block(forMs: number): void {
  const until = performance.now() + forMs;
  while (performance.now() < until);
}

createServer((socket) => {
  socket.on('data', (data) => {
    const [kind, forMs] = String(data).split(' ');
    if (kind === 'timer') setTimeout(() => block(Number(forMs)), 1);
    else block(Number(forMs));
  });
})
  .listen(path)
  .unref();
