import { monotonicMs } from '../clock/monotonic.ts';
import type { EdgeSample, Seen } from '../measure/raw-run.ts';
import { askEdge, sumOfMetric } from '../system/edge-probe.ts';
import type { System } from '../system/system.ts';

const EDGE_EVERY_MS = 250;
const METRICS_EVERY_MS = 1_000;

export interface Sampler {
  readonly edge: readonly EdgeSample[];
  /** Counted by the greeters' metrics, or by the edge's when those are not available. */
  readonly attemptsSeen: readonly Seen[];
  readonly attemptsFrom: 'greeter' | 'edge' | undefined;
  readonly edgeRssBytes: number | undefined;
  /** The last sample of breaker and budget. */
  readonly latest: EdgeSample | undefined;
  stop(): void;
  /** Stops, and counts attempts a last time: every request has been answered by now. */
  finish(): Promise<void>;
}

/**
 * Samples the system until stopped. Samples are taken at whole seconds of the time axis, because that is where seconds,
 * and so phases, end.
 * @param zeroAtMs when `before` begins
 * @param endMs end of the measurement, on the time axis
 */
export function createSampler(system: System, zeroAtMs: number, endMs: number): Sampler {
  const edge: EdgeSample[] = [];
  const counters = createCounters(system);
  const attemptsSeen: Seen[] = [];
  let edgeRssBytes: number | undefined;
  let finished = false;
  const now = () => monotonicMs() - zeroAtMs;
  const { edgeOpsUrl } = system;
  const askBreaker = async () => {
    if (edgeOpsUrl === undefined) return;
    const sample = await askEdge(edgeOpsUrl);
    if (sample !== undefined) edge.push({ ...sample, atMs: now() });
  };
  const askMetrics = async () => {
    if (edgeOpsUrl !== undefined) edgeRssBytes = await sumOfMetric(edgeOpsUrl, 'process_resident_memory_bytes');
    if (system.attempts !== undefined) return;
    // The time of asking: the answer may take a while.
    const atMs = now();
    const total = await counters.total();
    // A late answer must not follow the last one.
    if (total !== undefined && atMs < endMs && !finished) attemptsSeen.push({ atMs, total });
  };
  const stops = [every(EDGE_EVERY_MS, now, askBreaker), every(METRICS_EVERY_MS, now, askMetrics)];
  const stop = () => {
    for (const one of stops) one();
  };
  return {
    edge,
    attemptsSeen,
    get attemptsFrom() {
      return counters.from;
    },
    get edgeRssBytes() {
      return edgeRssBytes;
    },
    get latest() {
      return edge.at(-1);
    },
    stop,
    async finish() {
      stop();
      if (system.attempts !== undefined) return;
      finished = true;
      const total = await counters.total();
      // Attempts still under way at the end belong to requests that were due before it.
      if (total !== undefined) attemptsSeen.push({ atMs: endMs, total });
    },
  };
}

/**
 * Calls at once, and then at every multiple of `ms` on the time axis, but never before the previous call has finished:
 * a slow system must not be asked faster than it answers.
 * @returns a function that stops it
 */
function every(ms: number, now: () => number, ask: () => Promise<void>): () => void {
  let asking = false;
  let dueMs = now();
  let timer: NodeJS.Timeout;
  const askOnce = () => {
    // A timer may fire a little early, so the next due time must not be this one again.
    dueMs = Math.floor(Math.max(dueMs, now()) / ms + 1) * ms;
    timer = setTimeout(askOnce, dueMs - now());
    if (asking) return;
    asking = true;
    void ask().finally(() => {
      asking = false;
    });
  };
  askOnce();
  return () => clearTimeout(timer);
}

/**
 * The counters of all greeters together. A restarted greeter begins at zero, and its earlier count must not be lost.
 */
function createCounters({ greeters, edgeOpsUrl }: System) {
  const sources =
    greeters.length > 0 ? greeters.map(({ opsUrl }) => opsUrl) : edgeOpsUrl === undefined ? [] : [edgeOpsUrl];
  const from = sources.length === 0 ? undefined : greeters.length > 0 ? ('greeter' as const) : ('edge' as const);
  const metric =
    from === 'edge' ? 'http_client_request_duration_seconds_count' : 'http_server_request_duration_seconds_count';
  const counted = sources.map(() => ({ before: 0, last: 0 }));
  return {
    from,
    async total(): Promise<number | undefined> {
      if (sources.length === 0) return undefined;
      await Promise.all(
        sources.map(async (url, index) => {
          const value = await sumOfMetric(url, metric);
          const counter = counted[index];
          if (value === undefined || counter === undefined) return;
          if (value < counter.last) counter.before += counter.last;
          counter.last = value;
        }),
      );
      return counted.reduce((sum, { before, last }) => sum + before + last, 0);
    },
  };
}
