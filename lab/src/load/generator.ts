/** The process that makes the load: its own, so that nothing the runner does can delay a request. */
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
// The runner has gone: nobody wants the figures, and the system must not be loaded for nobody.
process.on('disconnect', () => process.exit());
// A Ctrl-C in the terminal reaches the whole process group; the runner decides what it means.
process.on('SIGINT', () => undefined);
