import { recoveryMs } from '@halfopen/testing/recovery';
import type { Scenario } from '../scenarios/scenario.ts';
import { type Figures, figuresBetween } from './figures.ts';
import type { Journal } from './journal.ts';
import type { Samples, Transition } from './samples.ts';

/** The figures of a phase, with what the servers saw of it. */
export interface PhaseFigures extends Figures {
  /** Requests that the servers received per call, whoever sent them: more than `attemptsPerCall` where services in between retry. */
  readonly requestsPerCall: number;
}

export type Phase = 'before' | 'during' | 'after';

/** What became of a scenario with one seed. */
export interface Run {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly journal: Journal;
  readonly before: PhaseFigures;
  /** While the trouble lasts. */
  readonly during: PhaseFigures;
  readonly after: PhaseFigures;
  /**
   * Milliseconds from the end of the trouble to the moment after which at least 95 % of the calls of every window of 250 ms succeed,
   * as the lab measures it. `Infinity` if it did not recover; `null` if too few calls came to tell.
   */
  readonly recoveryMs: number | null;
  /** Changes of the breakers of all callers, in order. */
  readonly breakerTransitions: readonly Transition[];
  /** What the callers' policies refused to send. */
  readonly rejected: Samples['rejected'];
  readonly samples: Samples;
  /** False if the run was aborted: then it says what had happened until then. */
  readonly isComplete: boolean;
  /** Identifies all that happened: the same seed gives the same hash on every machine. */
  readonly hash: string;
}

export function createRun(facts: {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly journal: Journal;
  readonly samples: Samples;
  readonly isComplete: boolean;
  readonly untilMs: number;
}): Run {
  const { scenario, seed, journal, samples, isComplete, untilMs } = facts;
  const { fromMs, toMs } = scenario.trigger;
  const phase = (beginMs: number, endMs: number): PhaseFigures => {
    const figures = figuresBetween(journal, Math.min(beginMs, untilMs), Math.min(endMs, untilMs));
    return { ...figures, requestsPerCall: samples.receivedBetween(beginMs, endMs) / figures.offered };
  };
  return {
    seed,
    scenario,
    journal,
    before: phase(0, fromMs),
    during: phase(fromMs, toMs),
    after: phase(toMs, scenario.lengthMs),
    recoveryMs: recoveryMs({ dueMs: journal.dueMs, succeeded: (index) => journal.hasSucceeded(index) }, toMs, untilMs),
    breakerTransitions: samples.transitions,
    rejected: samples.rejected,
    samples,
    isComplete,
    hash: journal.hash(),
  };
}
