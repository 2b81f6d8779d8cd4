export { type CallMetrics, callMetrics } from './call-metrics.ts';
export { type CallTracesOptions, callTraces } from './call-traces.ts';
export { createExplanation, type Explained, type Explanation } from './explanation.ts';
