import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { monotonicMs } from '../clock/monotonic.ts';
import type { Experiment, Variant } from '../experiment/format.ts';
import { endOf, type Phase, spanOf } from '../experiment/phases.ts';
import { faultOf } from '../faults/fault-of-method.ts';
import { labelOf } from '../faults/label.ts';
import { createPlanBoard } from '../faults/plan-board.ts';
import { createPlayer, type FaultTimes } from '../faults/player.ts';
import { startGenerator } from '../load/generator-process.ts';
import type { AnswerSample, Progress } from '../load/protocol.ts';
import { type RawRun, totalsBySecond } from '../measure/raw-run.ts';
import { sumOfMetric } from '../system/edge-probe.ts';
import type { Ledger } from '../system/ledger.ts';
import type { System } from '../system/system.ts';
import type { Wire } from '../system/wire.ts';
import { createSampler, type Sampler } from './sampler.ts';
import {
  faultRemarks,
  LOOK_BEFORE_MS,
  lateFaults,
  limitReached,
  tooLate,
  type Unsound,
  unsteady,
  wasUnsteady,
} from './soundness.ts';

export interface RunOptions {
  readonly experiment: Experiment;
  readonly variant: Variant;
  readonly seed: number;
  readonly startSystem: (variant: Variant, seed: number) => Promise<System>;
  readonly ledger: Ledger;
  readonly wire: Wire | undefined;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress, sampler: Sampler) => void;
}

export interface VariantRun {
  readonly raw: RawRun;
  readonly faults: readonly FaultTimes[];
  /** Why it gives no verdict; empty when it does. */
  readonly unsound: readonly Unsound[];
  readonly remarks: readonly string[];
  /** Answers that were not as expected: the first of each kind. */
  readonly samples: readonly AnswerSample[];
}

const COUNT_ROUNDS = 10;
const COUNT_PAUSE_MS = 100;
/** Time to start everything before the first arrival. */
const LEAD_MS = 200;
/**
 * One run of one variant: starts a system, generates the load, plays the faults, and undoes everything whatever
 * happens.
 * @throws Error when the system cannot be started or broken as asked
 */
export async function runVariant(options: RunOptions): Promise<VariantRun> {
  const { experiment, seed, ledger, wire, signal } = options;
  const { load, method, abortWhen } = experiment;
  const { phases } = load;
  const system = await options.startSystem(options.variant, seed);
  const undoing: (() => void | Promise<void>)[] = [() => system.stop()];
  const unsound: Unsound[] = [];
  try {
    const board = createPlanBoard(system.greeters, seed, ledger);
    const player = createPlayer(
      method.map((one) => ({
        label: labelOf(one),
        span: spanOf(one, phases),
        fault: faultOf(one, { system, board, wire, ledger }),
      })),
    );
    undoing.push(() => player.end());
    await player.prepare();

    let sampler: Sampler | undefined;
    let latest: Progress | undefined;
    const giveUp = (why: Unsound) => {
      unsound.push(why);
      // Applies no further fault.
      player.halt();
      generator.stop();
    };
    const generator = await startGenerator(system.url, load, seed, (progress) => {
      latest = progress;
      if (sampler === undefined) return;
      options.onProgress(progress, sampler);
      const why = unsound.length > 0 ? undefined : limitReached(abortWhen, progress, sampler);
      if (why !== undefined) giveUp(why);
    });
    undoing.push(() => generator.kill());
    const onAbort = () => generator.stop();
    signal.addEventListener('abort', onAbort, { once: true });
    undoing.push(() => signal.removeEventListener('abort', onAbort));
    signal.throwIfAborted();

    const zeroAtMs = monotonicMs() + LEAD_MS + load.warmUpS * 1_000;
    const endS = endOf(phases);
    // The greeters' logs use the time of day.
    const sinceEpochMs = Date.now() - monotonicMs();
    sampler = createSampler(system, zeroAtMs, endS * 1_000);
    undoing.push(() => sampler?.stop());
    player.start(zeroAtMs);
    generator.start(zeroAtMs);
    const look = setTimeout(
      () => {
        const why = unsteady(latest, load.maxLatenessMs);
        if (why !== undefined) giveUp(why);
      },
      zeroAtMs + load.beforeS * 1_000 - LOOK_BEFORE_MS - monotonicMs(),
    );
    undoing.push(() => clearTimeout(look));

    const measured = await Promise.race([generator.measured, player.failed]);
    signal.throwIfAborted();
    await player.end();
    await sampler.finish();
    // A killed greeter has lost its count, and a stopped run has left some attempts unfinished.
    const comparable = !measured.stopped && !method.some((one) => one.layer === 'process' && one.action === 'kill');
    const counted = comparable ? await countByMetrics(system) : undefined;
    await system.stop();

    const faults = player.times();
    const remarks = [...system.remarks, ...faultRemarks(faults, endS)];
    // The reason why it was stopped is enough.
    if (unsound.length === 0)
      unsound.push(
        ...tooLate(measured, phases, load.maxLatenessMs),
        ...lateFaults(faults, endS),
        ...wasUnsteady(measured, phases[0] as Phase, faults),
      );
    if (measured.givenUp > 0)
      remarks.push(
        `Requests in flight when it was stopped: ${measured.givenUp}. They have no answer and count as failed.`,
      );
    const attempts = system.attempts?.counts(measured.firstIndex + measured.dueMs.length);
    if (system.attempts !== undefined && counted !== undefined && counted !== system.attempts.startedAtMs.length) {
      remarks.push(
        `The greeters' metrics say ${counted} attempts, their logs ${system.attempts.startedAtMs.length}; the figures are from the logs.`,
      );
    }
    if (sampler.attemptsFrom === 'edge' && system.attempts === undefined) {
      remarks.push('Attempts were counted at the edge, because no greeter could be asked.');
    }
    return {
      raw: {
        seed,
        dueMs: measured.dueMs,
        outcome: measured.outcome,
        tookMs: measured.tookMs,
        latenessMs: measured.latenessMs,
        attempts: attempts?.slice(measured.firstIndex),
        attemptsSeen:
          system.attempts === undefined
            ? sampler.attemptsSeen
            : totalsBySecond(
                system.attempts.startedAtMs.map((at) => at - zeroAtMs - sinceEpochMs),
                endS,
              ),
        edge: sampler.edge,
        greeterUrls: system.greeterUrls,
        faultEndMs: faultEndMs(faults, endS),
      },
      faults,
      unsound,
      remarks,
      samples: measured.samples,
    };
  } finally {
    await undoAll(undoing);
  }
}

/**
 * Undoes everything, even if one of them fails.
 * @throws the first error, at the end
 */
async function undoAll(undoing: readonly (() => void | Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const undo of undoing.toReversed()) {
    try {
      await undo();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Recovery counts from here: the end of the last fault that ends before the measurement does. */
export function faultEndMs(faults: readonly FaultTimes[], endS: number): number {
  const ends = faults.filter(({ span }) => span.toS < endS).map(({ undoneAtMs }) => undoneAtMs ?? 0);
  return Math.max(0, ...ends);
}

/** A second count of the attempts, from the metrics; `undefined` when a greeter does not answer. */
async function countByMetrics({ attempts, greeters }: System): Promise<number | undefined> {
  if (attempts === undefined) return undefined;
  // Both counts include an attempt once it has ended; those of callers who left may still be running.
  for (let round = 0; ; round++) {
    const counts = await Promise.all(
      greeters.map(({ opsUrl }) => sumOfMetric(opsUrl, 'http_server_request_duration_seconds_count')),
    );
    const sum = counts.includes(undefined) ? undefined : counts.reduce((all: number, one) => all + (one ?? 0), 0);
    if (sum === undefined || sum === attempts.startedAtMs.length || round === COUNT_ROUNDS) return sum;
    await setTimeoutPromise(COUNT_PAUSE_MS);
  }
}
