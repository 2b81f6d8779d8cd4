import { type Configuration, exponential, type Scenario, simulate } from '@halfopen/simulator';
import type { Stack } from './stacks.ts';

/** What is simulated for each point of the map. */
export const WORLD = {
  workers: 10,
  serviceMs: 100,
  maxQueued: 200,
  /** Calls a second that the server can serve. */
  capacityPerS: 100,
  /** Healthy time before the trigger. */
  beforeMs: 3_000,
  /** Time in which the system must recover. */
  recoverWithinMs: 30_000,
} as const;

/** Load, as a share of the capacity. */
export const LOADS = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] as const;

/** How long the server stands still, in seconds. Between two that differ, the boundary is found by bisection. */
export const TRIGGERS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10] as const;

/** Bisections of each boundary, which then is known to a tenth. */
const BISECTIONS = 3;

/** A point counts as recovered only if all of these recover: who runs a system meets the seeds one after another. */
export const SEEDS = [1, 2, 3, 4, 5] as const;

/** A part of a column: lengths of the trigger that all end in the same way. */
interface Segment {
  readonly fromS: number;
  readonly toS: number;
  readonly recovers: boolean;
}

/** One load, for every length of the trigger. */
export interface Column {
  readonly load: number;
  readonly segments: readonly Segment[];
}

export interface Survey {
  readonly stack: string;
  readonly columns: readonly Column[];
}

export interface SurveyOptions {
  /** Called after each column. */
  readonly onColumn?: (stack: string, load: number) => void;
}

/** Every column of a stack. The same stack gives the same survey, on every machine. */
export async function survey({ id, configuration }: Stack, options: SurveyOptions = {}): Promise<Survey> {
  const columns: Column[] = [];
  for (const load of LOADS) {
    // oxlint-disable-next-line no-await-in-loop -- one thread computes them all
    columns.push(await columnOf(load, (triggerS) => recovers(configuration, load, triggerS)));
    options.onColumn?.(id, load);
  }
  return { stack: id, columns };
}

/**
 * @param recoversFrom whether it recovers from a standstill of so many seconds
 * @param triggersS ascending lengths, between which boundaries are looked for
 */
export async function columnOf(
  load: number,
  recoversFrom: (triggerS: number) => Promise<boolean>,
  triggersS: readonly number[] = TRIGGERS_S,
): Promise<Column> {
  const known: { readonly atS: number; readonly recovers: boolean }[] = [];
  // oxlint-disable-next-line no-await-in-loop -- one thread computes them all
  for (const atS of triggersS) known.push({ atS, recovers: await recoversFrom(atS) });
  const segments: Segment[] = [];
  let fromS = triggersS[0] as number;
  for (const [index, one] of known.entries()) {
    const next = known[index + 1];
    if (next !== undefined && next.recovers === one.recovers) continue;
    // oxlint-disable-next-line no-await-in-loop -- one thread computes them all
    const toS = next === undefined ? one.atS : await boundaryOf(recoversFrom, one, next.atS);
    segments.push({ fromS, toS, recovers: one.recovers });
    fromS = toS;
  }
  return { load, segments };
}

/** Bisects on a logarithmic scale. @returns the middle of what is left */
async function boundaryOf(
  recoversFrom: (triggerS: number) => Promise<boolean>,
  below: { readonly atS: number; readonly recovers: boolean },
  aboveS: number,
): Promise<number> {
  let [low, high] = [below.atS, aboveS];
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = between(low, high);
    // oxlint-disable-next-line no-await-in-loop -- each step depends on the one before
    if ((await recoversFrom(middle)) === below.recovers) low = middle;
    else high = middle;
  }
  return between(low, high);
}

/** Three significant digits, so that the committed data can be read. */
function between(low: number, high: number): number {
  return Number(Math.sqrt(low * high).toPrecision(3));
}

/** Whether every seed recovers from a trigger of this length. */
export async function recovers(configuration: Configuration, load: number, triggerS: number): Promise<boolean> {
  for (const seed of SEEDS) {
    // oxlint-disable-next-line no-await-in-loop -- the other seeds are not needed once one has failed
    const { runs } = await simulate(configuration, scenarioOf(load, triggerS), { seeds: [seed] });
    if (!Number.isFinite(runs[0]?.recoveryMs ?? Number.POSITIVE_INFINITY)) return false;
  }
  return true;
}

function scenarioOf(load: number, triggerS: number): Scenario {
  const { workers, serviceMs, maxQueued, capacityPerS, beforeMs, recoverWithinMs } = WORLD;
  const trigger = { fromMs: beforeMs, toMs: beforeMs + triggerS * 1_000 };
  return {
    name: 'map',
    description: 'A server stands still for a while, under a steady load.',
    servers: [{ name: 'server', workers, maxQueued, service: exponential(serviceMs) }],
    load: { rates: [{ fromMs: 0, perS: load * capacityPerS }] },
    faults: [{ kind: 'stop', ...trigger }],
    trigger,
    lengthMs: trigger.toMs + recoverWithinMs,
  };
}
