/** The thread behind `measureLateness`. It only watches how late its own timer fires, and what the kernel says about others. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Noise, sampleStarvation, sampleTimer } from './machine-lateness.ts';

const timer = sampleTimer();
const starvation = sampleStarvation(workerData as number[]);
parentPort?.once('message', () => {
  parentPort?.postMessage({ late: timer.stop(), starved: starvation.stop() } satisfies Noise);
});
parentPort?.postMessage('started');
