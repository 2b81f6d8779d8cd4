import type { Latency } from './latency.ts';

/** `metric_bucket{a="b",le="0.5"} 12`, as the text format of Prometheus has it. */
const BUCKET = /^(?<metric>\w+)_bucket\{(?:[^}]*,)?le="(?<le>[^"]+)"[^}]*\} (?<count>\S+)/;

/**
 * A measured latency distribution, from the text that a `/metrics` answers. Series of the metric that differ in their
 * labels are added up. What is above the last bucket counts as in it: where exactly, nobody knows.
 * @param metric a histogram in seconds: `http_client_request_duration_seconds`
 * @throws Error where there is no such histogram, or nothing in it
 */
export function histogramFromPrometheus(text: string, metric: string): Extract<Latency, { distribution: 'histogram' }> {
  const upTo = new Map<number, number>();
  for (const line of text.split('\n')) {
    const { metric: name, le, count } = BUCKET.exec(line)?.groups ?? {};
    if (name !== metric) continue;
    const end = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    upTo.set(end, (upTo.get(end) ?? 0) + Number(count));
  }
  const cumulated = [...upTo].toSorted(([a], [b]) => a - b);
  const total = cumulated.at(-1)?.[1] ?? 0;
  const finite = cumulated.filter(([end]) => Number.isFinite(end));
  if (finite.length === 0 || total === 0) throw new Error(`there is nothing in a histogram ${metric}`);
  const upTos = finite.map(([, count], at) => (at === finite.length - 1 ? total : count));
  return {
    distribution: 'histogram',
    // Seconds are written in decimals: 0.29 of them are not 290.00000000000006 ms.
    upToMs: finite.map(([end]) => Math.round(end * 1_000_000) / 1_000),
    counts: upTos.map((count, at) => count - (upTos[at - 1] ?? 0)),
  };
}
