import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Gauges that prom-client names `_total`. That suffix is for counters, and `promtool check metrics` refuses them. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Registers the metrics of the process: CPU, memory, event loop, garbage collection. Call it once per process. */
export function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
