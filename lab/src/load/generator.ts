/**
 * The process that generates the load. It is a process of its own, so that the runner's work cannot delay a request.
 */
import process from 'node:process';
import { type OpenLoop, openLoop } from './open-loop.ts';
import type { FromGenerator, ToGenerator } from './protocol.ts';

const tell = (message: FromGenerator) => process.send?.(message);
let loop: OpenLoop | undefined;

process.on('message', (message: ToGenerator) => {
  switch (message.type) {
    case 'prepare':
      loop = openLoop(message.url, message.load, message.seed);
      tell({ type: 'ready' });
      break;
    case 'start':
      loop
        ?.run(message.zeroAtMs, (progress) => tell({ type: 'progress', ...progress }))
        .then(
          (measured) => tell({ type: 'done', ...measured }),
          (error: unknown) => {
            throw error;
          },
        );
      break;
    case 'stop':
      loop?.stop();
      break;
  }
});
// The runner is gone, so nobody needs the figures and the load must stop.
process.on('disconnect', () => process.exit());
// Ctrl-C in the terminal reaches the whole process group; the runner decides what to do.
process.on('SIGINT', () => undefined);
