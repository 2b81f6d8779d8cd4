import type { Latency } from './latency.ts';

/** A line of Prometheus's text format: `metric_bucket{a="b",le="0.5"} 12`. */
const BUCKET = /^(?<metric>\w+)_bucket\{(?:[^}]*,)?le="(?<le>[^"]+)"[^}]*\} (?<count>\S+)/;

/**
 * Reads a measured latency distribution from the text of a `/metrics` page. Series of the metric with different labels are
 * added up. Values above the last finite bucket count as part of it, because their size is unknown.
 * @param metric the name of a histogram in seconds, such as `http_client_request_duration_seconds`
 * @throws Error if there is no such histogram, or it is empty
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
  if (finite.length === 0 || total === 0) throw new Error(`there is no histogram ${metric}, or it is empty`);
  const upTos = finite.map(([, count], at) => (at === finite.length - 1 ? total : count));
  return {
    distribution: 'histogram',
    // Rounded, or else 0.29 s would be 290.00000000000006 ms.
    upToMs: finite.map(([end]) => Math.round(end * 1_000_000) / 1_000),
    counts: upTos.map((count, at) => count - (upTos[at - 1] ?? 0)),
  };
}
