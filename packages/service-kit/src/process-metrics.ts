import { Counter, collectDefaultMetrics, type Registry } from 'prom-client';
import type { LogOutput } from './log-output.ts';

/** Gauges that prom-client names `_total`. That suffix is for counters, and `promtool check metrics` refuses them. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Registers the metrics of the process: CPU, memory, event loop, garbage collection, log. Call it once per process. */
export function processMetrics(registry: Registry, log: Pick<LogOutput, 'dropped'>): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  watchEventLoop(registry);
  registry.registerMetric(
    new Counter({
      name: 'log_lines_dropped_total',
      help: 'Log lines that were dropped because their reader was too slow.',
      registers: [],
      collect() {
        this.reset();
        this.inc(log.dropped);
      },
    }),
  );
}

/** How often the event loop is asked whether it still turns. */
const SAMPLE_MS = 20;
/** Shorter pauses are the machine's and the garbage collector's everyday life, and nobody notices them. */
const BLOCKED_FROM_MS = 50;

/**
 * Counts the time in which the event loop stood still. prom-client's own quantiles of the loop's delay cannot show that:
 * they are sampled once per turn, so a block of two seconds is one sample among hundreds, however long it is, and each
 * scrape resets them.
 */
export function watchEventLoop(registry: Registry, now: () => number = () => performance.now()): void {
  const blocked = new Counter({
    name: 'nodejs_eventloop_blocked_seconds_total',
    help: `Time in which the event loop stood still for ${BLOCKED_FROM_MS} ms or longer: every request was late by that.`,
    registers: [registry],
  });
  let last = now();
  setInterval(() => {
    const lateMs = now() - last - SAMPLE_MS;
    last += lateMs + SAMPLE_MS;
    if (lateMs >= BLOCKED_FROM_MS) blocked.inc(lateMs / 1_000);
  }, SAMPLE_MS).unref();
}
