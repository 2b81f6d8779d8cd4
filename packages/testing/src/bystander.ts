/** The thread behind `measureLateness`. It only watches how late its own timer fires, and what the kernel says about others. */
import { parentPort } from 'node:worker_threads';
import { type Noise, sampleStarvation, sampleTimer } from './machine-lateness.ts';

/** What is sampled from when the processes to watch are named until `stop`. */
let sampled: { readonly stop: () => Noise } | undefined;

parentPort?.on('message', (told: readonly number[] | 'stop') => {
  if (told === 'stop') {
    parentPort?.postMessage(sampled?.stop());
    return;
  }
  const timer = sampleTimer();
  const starvation = sampleStarvation(told);
  sampled = { stop: () => ({ late: timer.stop(), starved: starvation.stop() }) };
  parentPort?.postMessage('started');
});
