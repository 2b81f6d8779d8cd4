import { monotonicMs } from '../clock/monotonic.ts';
import type { EdgeSample, Seen } from '../measure/raw-run.ts';
import { askEdge, sumOfMetric } from '../system/edge-probe.ts';
import type { System } from '../system/system.ts';

const EDGE_EVERY_MS = 250;
const METRICS_EVERY_MS = 1_000;

export interface Sampler {
  readonly edge: readonly EdgeSample[];
  /** Counted by the metrics of the greeters; of the edge, where these cannot be had. */
  readonly attemptsSeen: readonly Seen[];
  readonly attemptsFrom: 'greeter' | 'edge' | undefined;
  readonly edgeRssBytes: number | undefined;
  /** What breaker and budget were when last asked. */
  readonly latest: EdgeSample | undefined;
  stop(): void;
  /** Stops, and counts attempts once more: all that there will be, now that every request has been answered. */
  finish(): Promise<void>;
}

/**
 * Asks the system how it is until stopped: at whole seconds of the time axis, since that is where a second, and so a phase, is cut off.
 * @param zeroAtMs when `before` begins
 * @param endMs of the measurement, on the time axis
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
    // The count is of the moment of asking; the answer may take its time.
    const atMs = now();
    const total = await counters.total();
    // One that is late must not come after the last one.
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
      // What was still on its way at the end belongs to requests that were due before it.
      if (total !== undefined) attemptsSeen.push({ atMs: endMs, total });
    },
  };
}

/**
 * At once, and at every multiple of `ms` on the time axis; but not before the last time has been answered: a slow system is not to be
 * asked faster than it answers.
 * @returns how to stop it
 */
function every(ms: number, now: () => number, ask: () => Promise<void>): () => void {
  let asking = false;
  let dueMs = now();
  let timer: NodeJS.Timeout;
  const askOnce = () => {
    // A timer may fire a little early: what was due is not due again.
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

/** Counters of all greeters together. One that was started again begins at nought, and what it had counted must not be lost. */
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
