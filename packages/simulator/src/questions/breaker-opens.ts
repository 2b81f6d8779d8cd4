import type { Configuration } from '../client/simulated-client.ts';
import { runScenario } from '../scenarios/run-scenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import { type Seeds, seedsOf } from '../scenarios/seeds.ts';

export interface BreakerOpensOptions {
  /** Calls a second that one process makes. */
  readonly perS: number;
  /** Share of the attempts that fails with 503. Default 1: all. */
  readonly failureShare?: number;
  /** How long the failures last, in milliseconds. Default 60,000. */
  readonly forMs?: number;
  /** Default 10. */
  readonly seeds?: Seeds;
}

/** What the breaker of one process does about failures. */
export interface BreakerOpens {
  /** Share of the runs in which it opens. 0: with these numbers it protects nobody. */
  readonly share: number;
  /** The longest time from the first failure to its opening, in milliseconds. `null` where it never opens. */
  readonly afterMs: number | null;
  /** The most calls that were made from the beginning of the failures to its opening, or to their end. */
  readonly callsBefore: number;
  /** The longest that a call took while it was closed, in milliseconds. */
  readonly slowestCallMs: number;
}

/**
 * Does the breaker ever open with these numbers, and when? Many configurations never open it: the window is shorter than the minimum
 * of calls takes to come, or the threshold is above what retries leave.
 */
export async function breakerOpens(configuration: Configuration, options: BreakerOpensOptions): Promise<BreakerOpens> {
  const { perS, failureShare = 1, forMs = 60_000 } = options;
  const trigger = { fromMs: 10_000, toMs: 10_000 + forMs };
  const scenario: Scenario = {
    ...scenarios.randomErrors,
    name: 'failures',
    load: { rates: [{ fromMs: 0, perS }] },
    faults: [{ kind: 'error', status: 503, share: failureShare, ...trigger }],
    trigger,
    lengthMs: trigger.toMs,
  };
  const seeds = seedsOf(options.seeds);
  const openedAfterMs: number[] = [];
  let callsBefore = 0;
  let slowestCallMs = 0;
  for (const seed of seeds) {
    const { breakerTransitions, journal } = await runScenario(configuration, scenario, seed);
    const opening = breakerTransitions.find(({ to, atMs }) => to === 'open' && atMs >= trigger.fromMs);
    if (opening !== undefined) openedAfterMs.push(opening.atMs - trigger.fromMs);
    const first = journal.firstDueAt(trigger.fromMs);
    const end = journal.firstDueAt(opening?.atMs ?? trigger.toMs);
    callsBefore = Math.max(callsBefore, end - first);
    for (const tookMs of journal.tookMs.subarray(first, end)) slowestCallMs = Math.max(slowestCallMs, tookMs);
  }
  return {
    share: openedAfterMs.length / seeds.length,
    afterMs: openedAfterMs.length === 0 ? null : Math.max(...openedAfterMs),
    callsBefore,
    slowestCallMs,
  };
}
