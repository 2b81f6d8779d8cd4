import { EventQueue, type ScheduledEvent } from '../engine/event-queue.ts';
import type { World } from '../engine/world.ts';
import type { Station, StationOptions } from './workers.ts';

/**
 * Processors that are shared by all requests in progress (M/G/1-PS and its kin): nobody waits, and with n requests on c processors each
 * goes on at min(1, c / n) of full speed.
 */
export function createProcessorSharing(world: World, options: StationOptions): Station {
  const { workers, stopsAbandonedWork, takesMs, onServed } = options;
  /** By the progress at which each is finished. All requests make the same progress, so their order never changes. */
  const jobs = new EventQueue();
  /** Milliseconds of work that a request which has been here from the beginning has been given. */
  let progressMs = 0;
  let updatedAtMs = 0;
  let isStopped = false;
  let inProgress = 0;
  let cancelNext = () => {};

  const speed = () => (isStopped ? 0 : Math.min(1, workers / jobs.size));
  const update = () => {
    if (jobs.size > 0) progressMs += (world.nowMs - updatedAtMs) * speed();
    updatedAtMs = world.nowMs;
  };
  const planNext = () => {
    cancelNext();
    const { first } = jobs;
    if (first === undefined || isStopped) return;
    const leftMs = Math.max(0, (first.atMs - progressMs) / speed());
    cancelNext = world.clock.after(leftMs, () => {
      update();
      // Rounding may leave the first job a trifle short of its end.
      const ended = jobs.next(Number.POSITIVE_INFINITY);
      const run = ended?.run;
      if (ended !== undefined) ended.run = undefined;
      planNext();
      run?.();
    });
  };

  return {
    start(request, onFree) {
      update();
      inProgress++;
      const release = () => {
        inProgress--;
        onFree();
      };
      const job: ScheduledEvent = jobs.add(progressMs + takesMs(request), () => onServed(request, release), false);
      planNext();
      if (!stopsAbandonedWork) return;
      const abandon = () => {
        if (job.run === undefined) return;
        update();
        jobs.cancel(job);
        release();
        planNext();
      };
      if (request.isAbandoned) abandon();
      else request.onAbandoned(abandon);
    },
    stop() {
      update();
      isStopped = true;
      cancelNext();
    },
    resume() {
      update();
      isStopped = false;
      planNext();
    },
    hasRoom: true,
    get inProgress() {
      return inProgress;
    },
  };
}
