/** The thread behind `measureLateness`: does nothing but see how late its own timer fires. */
import { parentPort } from 'node:worker_threads';
import { sampleTimer } from './machine-lateness.ts';

const timer = sampleTimer();
parentPort?.once('message', () => parentPort?.postMessage(timer.stop()));
parentPort?.postMessage('started');
