import process from 'node:process';
import { Agent } from 'undici';
import { monotonicMs } from '../clock/monotonic.ts';
import type { Load } from '../experiment/format.ts';
import { OUTCOMES, type Outcome, type PhaseName } from '../result/result.ts';
import { unexpected } from './answer-words.ts';
import { arrivalsOf } from './arrivals.ts';
import { errorText, exchange } from './exchange.ts';
import { createLiveView, histogram } from './live-view.ts';
import { type PreparedRequest, prepareMix } from './mix.ts';
import { outcomeOf } from './outcome.ts';
import type { AnswerSample, Measured, Progress } from './protocol.ts';
import { createReasons } from './reasons.ts';
import { requestIdOf } from './request-id.ts';

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
  const samples = createSamples();
  const brokenFromMs = phases[0] === undefined ? 0 : phases[0].toS * 1_000;
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
      const answer = await exchange({
        agent,
        url,
        asked,
        arrival: index,
        requestId: requestIdOf(seed, index),
        signal: giveUp.signal,
      });
      result = outcomeOf(answer, asked.expect, index);
      why = answerText(result, answer.status);
      // A fault makes answers fail, but a wrong one is always worth a look.
      if (result === 'wrong' || (result === 'failed' && due >= 0 && due < brokenFromMs))
        samples.take(`${asked.name}: ${why}`, () =>
          unexpected(answer, asked.expect, { arrival: index, secrets: asked.secrets }),
        );
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
    live.record(result, took, `${asked.name}: ${why}`);
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
        samples: samples.all(),
      };
    },
  };
}

/** At most this many kinds of unexpected answers are shown. */
const MOST_SAMPLES = 3;

/** Keeps the first of each kind of unexpected answers, and counts them. */
function createSamples() {
  const kinds = new Map<string, { readonly first: string; count: number }>();
  return {
    take(kind: string, words: () => string): void {
      const known = kinds.get(kind);
      if (known !== undefined) known.count++;
      else if (kinds.size < MOST_SAMPLES) kinds.set(kind, { first: words(), count: 1 });
    },
    all: (): AnswerSample[] => [...kinds].map(([kind, { first, count }]) => ({ kind, first, count })),
  };
}

function answerText(outcome: Outcome, status: number): string {
  if (outcome === 'wrong') return `status ${status} with another body than expected`;
  return outcome === 'degraded' ? 'a stale answer' : `status ${status}`;
}
