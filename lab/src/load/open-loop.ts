import process from 'node:process';
import { Agent, request } from 'undici';
import { monotonicMs } from '../clock/monotonic.ts';
import type { Load } from '../experiment/format.ts';
import { OUTCOMES, type Outcome, type PhaseName } from '../result/result.ts';
import { arrivalsOf } from './arrivals.ts';
import { createLiveView, histogram } from './live-view.ts';
import { type PreparedRequest, prepareMix } from './mix.ts';
import { outcomeOf } from './outcome.ts';
import { type Measured, type Progress, type Reasons } from './protocol.ts';
import { requestIdOf } from './request-id.ts';

/** The rest of a larger body is not read: no right answer is this large. */
const MOST_BODY_BYTES = 1_000_000;

/** A load that is ready to start. */
export interface OpenLoop {
  /** @param zeroAtMs when `before` begins ({@link monotonicMs}); the warm-up comes before it */
  run(zeroAtMs: number, onProgress: (progress: Progress) => void): Promise<Measured>;
  stop(): void;
}

/**
 * Sends every request when it is due, whether or not earlier ones have been answered, each on its own connection if
 * necessary. Latency counts from the scheduled time: that is how long a real caller would have waited, even if this
 * process was late.
 */
export function openLoop(url: string, load: Load, seed: number): OpenLoop {
  const { dueMs, entry } = arrivalsOf(load, seed);
  const mix = prepareMix(load.mix, process.env);
  const count = dueMs.length;
  const outcome = new Uint8Array(count);
  const tookMs = new Float64Array(count);
  const latenessMs = new Float64Array(count);
  const found = dueMs.findIndex((due) => due >= 0);
  const firstIndex = found < 0 ? count : found;
  const { phases } = load;
  const counts: Record<PhaseName, { answered: number; success: number; slowestMs: number }> = {
    before: { answered: 0, success: 0, slowestMs: 0 },
    during: { answered: 0, success: 0, slowestMs: 0 },
    after: { answered: 0, success: 0, slowestMs: 0 },
  };
  const whyNot = createReasons();
  const live = createLiveView();
  const lateness = histogram();
  // Unlimited connections: a caller that waited for another's connection would be a closed loop.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: load.timeoutMs } });
  /**
   * Requests in flight: the controller of each, and when it was due. The timer ends with the request.
   * `AbortSignal.timeout` would keep part of every request alive until its timeout, answered or not, and collecting
   * that garbage would pause the load.
   */
  const inFlight = new Map<AbortController, number>();
  let stopped = false;
  let givenUp = 0;
  let sent = 0;

  const send = async (index: number, zeroAtMs: number): Promise<void> => {
    const due = dueMs[index] as number;
    const asked = mix[entry[index] as number] as PreparedRequest;
    const late = monotonicMs() - zeroAtMs - due;
    latenessMs[index] = late;
    if (index >= firstIndex) lateness.recordValue(Math.max(1, Math.round(late * 1_000)));
    // Measured from the scheduled time: a caller's patience does not start when this process finds time to send.
    const patienceMs = Math.max(1, Math.round(load.timeoutMs - late));
    const giveUp = new AbortController();
    inFlight.set(giveUp, due);
    const patience = setTimeout(() => giveUp.abort(), patienceMs);
    let result: Outcome;
    let why: string;
    try {
      const answer = await request(url + asked.path(index), {
        dispatcher: agent,
        method: asked.method,
        // The answer is compared byte by byte: no content coding is acceptable, unless the experiment says so (RFC 9110 §12.5.3).
        headers: {
          'accept-encoding': 'identity',
          ...asked.headers(index),
          'x-request-id': requestIdOf(seed, index),
        },
        body: asked.body(index) ?? null,
        signal: giveUp.signal,
      });
      const body = await readText(answer.body);
      const cacheStatus = answer.headers['cache-status'];
      result = outcomeOf(
        {
          status: answer.statusCode,
          cacheStatus: Array.isArray(cacheStatus) ? cacheStatus.join(', ') : cacheStatus,
          body,
        },
        asked.expect,
        index,
      );
      why = answerText(result, answer.statusCode);
    } catch (error) {
      // Refused, reset, broken off, too large or given up: the caller has no answer.
      result = 'failed';
      why = giveUp.signal.aborted ? `no answer within ${load.timeoutMs} ms` : `no answer, ${errorText(error)}`;
    }
    clearTimeout(patience);
    inFlight.delete(giveUp);
    const took = monotonicMs() - zeroAtMs - due;
    outcome[index] = OUTCOMES.indexOf(result);
    tookMs[index] = took;
    live.record(result, took);
    const phase = due < 0 ? undefined : phases.findLast(({ fromS }) => due >= fromS * 1_000)?.name;
    if (phase !== undefined) {
      counts[phase].answered++;
      if (phase === 'before' && result !== 'success') whyNot.count(`${asked.name}: ${why}`);
      if (result === 'success') {
        counts[phase].success++;
        counts[phase].slowestMs = Math.max(counts[phase].slowestMs, took);
      }
    }
  };

  return {
    stop() {
      stopped = true;
      givenUp = inFlight.size;
      for (const giveUp of inFlight.keys()) giveUp.abort();
    },
    async run(zeroAtMs, onProgress) {
      const now = () => monotonicMs() - zeroAtMs;
      const report = setInterval(() => {
        onProgress({
          atS: now() / 1_000,
          inFlight: inFlight.size,
          longestWaitMs: Math.max(0, now() - (inFlight.values().next().value ?? now())),
          recent: live.turn(),
          phases: counts,
          whyNot: whyNot.all(),
          latenessP99Ms: lateness.totalCount === 0 ? 0 : lateness.getValueAtPercentile(99) / 1_000,
        });
      }, live.sliceMs);
      const all: Promise<void>[] = [];
      while (sent < count && !stopped) {
        while (sent < count && (dueMs[sent] as number) <= now()) all.push(send(sent++, zeroAtMs));
        if (sent < count)
          await new Promise((resolve) => setTimeout(resolve, Math.max(1, (dueMs[sent] as number) - now())));
      }
      await Promise.all(all);
      clearInterval(report);
      await agent.destroy();
      const end = Math.max(firstIndex, sent);
      return {
        dueMs: dueMs.slice(firstIndex, end),
        outcome: outcome.slice(firstIndex, end),
        tookMs: tookMs.slice(firstIndex, end),
        latenessMs: latenessMs.slice(firstIndex, end),
        firstIndex,
        stopped,
        givenUp,
        whyNot: whyNot.all(),
      };
    },
  };
}

/** At most this many different reasons are counted. */
const MOST_REASONS = 20;

/** Counts why requests failed before anything was broken, so that a wrong path, for example, is easy to find. */
function createReasons() {
  const counts = new Map<string, number>();
  return {
    count(reason: string): void {
      if (counts.has(reason) || counts.size < MOST_REASONS) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    },
    /** Most frequent first. */
    all: (): Reasons => [...counts].toSorted(([, a], [, b]) => b - a),
  };
}

function answerText(outcome: Outcome, status: number): string {
  if (outcome === 'wrong') return `status ${status} with an unexpected body`;
  return outcome === 'degraded' ? 'a stale answer' : `status ${status}`;
}

function errorText(error: unknown): string {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  return code ?? message ?? String(error);
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
