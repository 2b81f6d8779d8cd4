/**
 * Makes a delay of a fault plan from a measured histogram: reads what a `/metrics` answers from standard input, writes
 * JSON. `curl -s http://127.0.0.1:8081/metrics | node packages/faults/src/latency-histogram.ts http_client_request_duration_seconds`
 */
import { text } from 'node:stream/consumers';
import { histogramFromPrometheus } from './prometheus-histogram.ts';

const [metric, ...others] = process.argv.slice(2);
if (metric === undefined || others.length > 0) {
  process.stderr.write(
    'usage: node packages/faults/src/latency-histogram.ts <metric>, with Prometheus text on standard input\n',
  );
  process.exit(2);
}
try {
  process.stdout.write(`${JSON.stringify(histogramFromPrometheus(await text(process.stdin), metric))}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
