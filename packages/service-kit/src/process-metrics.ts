import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Gauges that prom-client calls `_total`, a suffix that stands for counters (`promtool check metrics` refuses them). */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** What is known of the process itself: CPU, memory, event loop, garbage collection. Once per process. */
export function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
