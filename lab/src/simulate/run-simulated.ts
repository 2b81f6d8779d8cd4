import { HEADERS, parseQuery } from '@halfopen/contracts';
import { readConfig } from '@halfopen/greeter/config';
import { createWorld } from '@halfopen/simulator';
import { asText } from '../experiment/environment.ts';
import type { Experiment, Variant } from '../experiment/format.ts';
import { endOf, type Phase } from '../experiment/phases.ts';
import { arrivalsOf } from '../load/arrivals.ts';
import { createLiveView } from '../load/live-view.ts';
import { type PreparedRequest, prepareMix } from '../load/mix.ts';
import { outcomeOf } from '../load/outcome.ts';
import type { Progress } from '../load/protocol.ts';
import { indexOfRequestId, requestIdOf } from '../load/request-id.ts';
import { type EdgeSample, totalsBySecond } from '../measure/raw-run.ts';
import { OUTCOMES, type Outcome } from '../result/result.ts';
import { faultEndMs, type VariantRun } from '../run/run-variant.ts';
import { limitReached, type Unsound, wasUnsteady } from '../run/soundness.ts';
import { edgeSampleOf } from '../system/edge-probe.ts';
import { simulatedConnections } from './connections.ts';
import { callOverhead } from './machine.ts';
import { createSimulatedEdge } from './simulated-edge.ts';
import { planFaults } from './simulated-faults.ts';
import { createSimulatedGreeter } from './simulated-greeter.ts';
import { createSimulatedWire } from './simulated-wire.ts';

export interface SimulatedRunOptions {
  readonly experiment: Experiment;
  readonly variant: Variant;
  readonly seed: number;
  /**
   * Another draw of what the seed of an experiment does not decide on processes either: the jitter of policies, the pauses of the machine.
   * Default 0.
   */
  readonly draw?: number;
  /** Stops the run. What has happened until then is the result. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress, breaker: EdgeSample['breaker'] | undefined) => void;
}

/** As the lab asks a real edge. */
const SAMPLE_EVERY_MS = 250;

/** What is left to happen once the last caller has his answer: abandoned work, and messages on their way. */
const TAIL_MS = 1_000;

/**
 * One run of one variant without processes: the same arrivals, the same request ids and so the same victims, the same figures, but a
 * simulated edge and simulated greeters on virtual time. The same seed gives the same run, on every machine.
 */
export async function runSimulated(options: SimulatedRunOptions): Promise<VariantRun> {
  const { experiment, variant, seed, draw = 0, signal, onProgress } = options;
  const { load, method, abortWhen } = experiment;
  const { phases } = load;
  const endMs = endOf(phases) * 1_000;
  const world = createWorld(seed + draw * 2 ** 20);
  const zeroMs = leadMs(world.random('edge', 'start')) + load.warmUpS * 1_000;
  const axisMs = () => world.nowMs - zeroMs;
  const remarks: string[] = [];
  const attemptsAtMs: number[] = [];

  const { dueMs, entry } = arrivalsOf(load, seed);
  const mix = prepareMix(load.mix, process.env);
  const count = dueMs.length;
  const firstIndex = firstMeasured(dueMs);
  const outcome = new Uint8Array(count);
  const tookMs = new Float64Array(count);
  const attempts = new Uint16Array(count);

  const greeterConfig = readConfig(asText(variant.greeter));
  const greeters = Array.from({ length: variant.replicas }, (_, index) =>
    createSimulatedGreeter(world, {
      config: greeterConfig,
      onAttempt({ requestId }) {
        attemptsAtMs.push(axisMs());
        const arrival = indexOfRequestId(seed, requestId) as number;
        attempts[arrival] = (attempts[arrival] as number) + 1;
      },
      onExit: () => remarks.push(`Greeter ${index + 1} ended by itself; it was started again.`),
    }),
  );
  const wire = method.some(({ layer }) => layer === 'wire') ? createSimulatedWire(world) : undefined;
  const byOrigin = new Map(greeters.map((greeter, index) => [`http://10.0.0.${index + 1}:5000`, greeter]));
  const edge = createSimulatedEdge(
    world,
    asText(variant.edge),
    [...byOrigin.keys()],
    simulatedConnections(world, byOrigin, wire),
  );
  const faultTimes = planFaults(world, method, phases, { greeters, wire }, seed, zeroMs);

  const live = createLiveView();
  const counts = { before: emptyCount(), during: emptyCount(), after: emptyCount() };
  const inFlight = new Map<number, number>();
  const overheads = world.attemptChance('callers', 'overhead');
  let sent = 0;

  const record = (index: number, result: Outcome, why: string) => {
    const due = dueMs[index] as number;
    inFlight.delete(index);
    outcome[index] = OUTCOMES.indexOf(result);
    const took = axisMs() - due;
    tookMs[index] = took;
    live.record(result, took, why);
    const phase = due < 0 ? undefined : phases.findLast(({ fromS }) => due >= fromS * 1_000)?.name;
    if (phase === undefined) return;
    counts[phase].answered++;
    if (result !== 'success') return;
    counts[phase].success++;
    counts[phase].slowestMs = Math.max(counts[phase].slowestMs, took);
  };

  const send = (index: number) => {
    const asked = mix[entry[index] as number] as PreparedRequest;
    const requestId = requestIdOf(seed, index);
    inFlight.set(index, dueMs[index] as number);
    const left = new AbortController();
    let isOver = false;
    const end = (result: Outcome, why: string) => {
      if (isOver) return;
      isOver = true;
      cancelPatience();
      record(index, result, `${asked.name}: ${why}`);
    };
    const cancelPatience = world.clock.after(load.timeoutMs, () => {
      end('failed', `no answer within ${load.timeoutMs} ms`);
      left.abort();
    });
    const overheadMs = callOverhead(overheads.of({ id: requestId, attempt: 0 }));
    world.clock.after(overheadMs / 2, () => {
      if (isOver) return;
      edge.hello({ requestId, ...questionOf(asked, index), signal: left.signal }).then(
        (answer) =>
          world.clock.after(overheadMs / 2, () =>
            end(outcomeOf(answer, asked.expect, index), `status ${answer.status}`),
          ),
        (error: unknown) => world.fail(error),
      );
    });
  };
  const planNext = () => {
    if (sent === count) return;
    world.at(zeroMs + (dueMs[sent] as number), () => {
      send(sent++);
      planNext();
    });
  };
  planNext();

  const samples: EdgeSample[] = [];
  const unsound: Unsound[] = [];
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  signal.addEventListener('abort', stop);
  const sample = () => {
    const atMs = axisMs();
    const seen = edgeSampleOf(edge.status());
    if (seen !== undefined && atMs >= 0) samples.push({ ...seen, atMs });
    const progress: Progress = {
      atS: atMs / 1_000,
      inFlight: inFlight.size,
      longestWaitMs: Math.max(0, atMs - (inFlight.values().next().value ?? atMs)),
      recent: live.turn(),
      phases: counts,
      whyNot: [],
      latenessP99Ms: 0,
    };
    onProgress(progress, seen?.breaker);
    const limit = limitReached(abortWhen, progress, { edgeRssBytes: undefined });
    if (limit !== undefined) {
      unsound.push(limit);
      stop();
      return;
    }
    if (atMs < endMs) world.clock.after(SAMPLE_EVERY_MS, sample);
  };
  world.at(0, sample);

  try {
    if (signal.aborted) stop();
    await world.run(zeroMs + endMs + load.timeoutMs + TAIL_MS, { signal: stopped.signal });
  } finally {
    signal.removeEventListener('abort', stop);
    await edge.close();
  }
  if (signal.aborted) {
    const why = `Stopped after ${(Math.max(0, axisMs()) / 1_000).toFixed(1)} s of virtual time, because it was interrupted.`;
    unsound.push({ reason: 'interrupted', why });
  }
  if (inFlight.size > 0) {
    remarks.push(`Requests in flight when it was stopped: ${inFlight.size}. They have no answer and count as failed.`);
    for (const [index, due] of inFlight) {
      outcome[index] = OUTCOMES.indexOf('failed');
      tookMs[index] = axisMs() - due;
    }
  }

  const end = Math.max(firstIndex, sent);
  const measured = {
    dueMs: dueMs.slice(firstIndex, end),
    outcome: outcome.slice(firstIndex, end),
    tookMs: tookMs.slice(firstIndex, end),
  };
  const faults = faultTimes();
  if (unsound.length === 0) unsound.push(...wasUnsteady({ ...measured, whyNot: [] }, phases[0] as Phase, faults));
  return {
    raw: {
      seed,
      ...measured,
      latenessMs: new Float64Array(measured.dueMs.length),
      attempts: attempts.slice(firstIndex, end),
      attemptsSeen: totalsBySecond(attemptsAtMs, endMs / 1_000),
      edge: samples,
      greeterUrls: [...byOrigin.keys()],
      faultEndMs: faultEndMs(faults, endMs / 1_000),
    },
    faults,
    unsound,
    remarks,
    samples: [],
  };
}

/**
 * How long before the first arrival the edge has started, as on processes. It decides where in the buckets of the breaker's window a fault
 * begins, and so whether the breaker opens some calls earlier or later.
 */
function leadMs(random: () => number): number {
  return 200 + 1_000 * random();
}

/** What the edge reads of a request. */
function questionOf(asked: PreparedRequest, index: number) {
  const { name } = parseQuery(asked.path(index).split('?')[1] ?? '');
  const deadline = Object.entries(asked.headers(index)).find(([header]) => header.toLowerCase() === HEADERS.deadlineMs);
  return {
    name: typeof name === 'string' ? name : undefined,
    deadlineMs: deadline === undefined ? undefined : Number(deadline[1]),
  };
}

function firstMeasured(dueMs: Float64Array): number {
  const found = dueMs.findIndex((due) => due >= 0);
  return found < 0 ? dueMs.length : found;
}

function emptyCount() {
  return { answered: 0, success: 0, slowestMs: 0 };
}
