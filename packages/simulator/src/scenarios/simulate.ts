import type { Configuration } from '../client/simulated-client.ts';
import type { Run } from '../record/run.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { type Seeds, seedsOf } from './seeds.ts';

export interface SimulateOptions {
  /** How many seeds, which are then 1 to that number, or the seeds themselves. Default 10. */
  readonly seeds?: Seeds;
  /** Ends the simulation early. It then has the runs so far. Default: never. */
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done, from 0 to 1. Default: nobody. */
  readonly onProgress?: (done: number) => void;
}

/** A configuration in a scenario, once for each seed. */
export interface Simulation {
  readonly scenario: Scenario;
  readonly runs: readonly Run[];
}

/**
 * Runs a configuration in a scenario: the same code that `createDownstream` runs in production, on a virtual clock. The same seeds
 * give the same result, on every machine. All configurations of a seed meet the same calls and the same victims of faults.
 * @param configuration options of `createDownstream`; `{}` is the standard policy
 * @throws RangeError for an option out of range
 * @example
 *   const { runs } = await simulate({ attempts: 5 }, scenarios.overload, { seeds: 20 });
 */
export async function simulate(
  configuration: Configuration,
  scenario: Scenario,
  options: SimulateOptions = {},
): Promise<Simulation> {
  const { signal, onProgress } = options;
  const seeds = seedsOf(options.seeds);
  const runs: Run[] = [];
  for (const [index, seed] of seeds.entries()) {
    if (signal?.aborted === true) break;
    const run = await runScenario(configuration, scenario, seed, {
      signal,
      onProgress: (nowMs) => onProgress?.((index + Math.min(1, nowMs / scenario.lengthMs)) / seeds.length),
    });
    runs.push(run);
    if (run.isComplete) onProgress?.((index + 1) / seeds.length);
  }
  return { scenario, runs };
}
