import type { Random } from '@halfopen/client';
import { foldedNormal } from '@halfopen/simulator';

/** What the published simulator and ours have in common. */
export const QUEUE = { workers: 10, maxQueued: 1_000, timeoutMs: 1_000, retried: 0.5, spikeRequests: 1_000 };
export const PROCESSING = foldedNormal(50, 12.5);

export interface TickLoopOptions {
  readonly lifo: boolean;
  /** Requests a tick. */
  readonly perTick: number;
  /** The first thousand requests take ten times as long. */
  readonly spike: boolean;
  /** Those who come join the queue, if there is one, and are not given to an idle worker. Default false, as published. */
  readonly nobodyOvertakes?: boolean;
  /** Default a million, as published. */
  readonly ticks?: number;
}

/**
 * A port of J. Magerramov's loop (github.com/joemag1/queueingsimulator, MIT, commit b4046d7), in which time goes on by ticks: requests
 * come and are given to idle workers, or else join the queue; then each worker works for a tick, or, if it is idle, takes a request from
 * the queue. Whoever has finished is idle until the next tick, and in that tick the new requests are looked at before the queue.
 * @returns the share of requests that fail, retries included
 */
export function failedInTickLoop(options: TickLoopOptions, random: Random): number {
  const { lifo, perTick, spike, nobodyOvertakes = false, ticks = 1_000_000 } = options;
  const arrivals = foldedNormal(perTick, perTick / 4);
  const queue: { readonly takes: number; readonly expires: number }[] = [];
  let oldest = 0;
  /** Of each worker: the tick in which it finishes, and that from which on its request has failed. */
  const finishes = new Float64Array(QUEUE.workers).fill(Number.NaN);
  const expires = new Float64Array(QUEUE.workers);
  let [coming, all, failed] = [0, 0, 0];
  const fail = () => {
    failed++;
    if (random() < QUEUE.retried) coming++;
  };
  for (let tick = 0; tick < ticks; tick++) {
    coming += arrivals(random);
    while (coming > 0) {
      coming--;
      all++;
      const takes = Math.floor(PROCESSING(random) * (spike && all <= QUEUE.spikeRequests ? 10 : 1));
      const queued = queue.length - oldest;
      const idle = nobodyOvertakes && queued > 0 ? -1 : finishes.findIndex(Number.isNaN);
      if (idle >= 0) {
        // It is worked on in this tick already.
        finishes[idle] = tick + Math.max(1, takes) - 1;
        expires[idle] = tick + QUEUE.timeoutMs - 1;
      } else if (queued < QUEUE.maxQueued) queue.push({ takes, expires: tick + QUEUE.timeoutMs });
      else fail();
    }
    for (let worker = 0; worker < QUEUE.workers; worker++) {
      const finishedAt = finishes[worker] as number;
      if (finishedAt <= tick) {
        finishes[worker] = Number.NaN;
        if ((expires[worker] as number) <= tick) fail();
      } else if (Number.isNaN(finishedAt)) {
        const next = lifo ? (queue.length > oldest ? queue.pop() : undefined) : queue[oldest];
        if (next === undefined) continue;
        if (!lifo) oldest++;
        finishes[worker] = tick + Math.max(1, next.takes);
        expires[worker] = next.expires;
      }
    }
    // Those that have been served are given back now and then.
    if (oldest > QUEUE.maxQueued) oldest -= queue.splice(0, oldest).length;
  }
  return failed / all;
}
