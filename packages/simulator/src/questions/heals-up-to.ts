import type { Configuration } from '../client/simulated-client.ts';
import { runScenario } from '../scenarios/run-scenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import { type Seeds, seedsOf } from '../scenarios/seeds.ts';

export interface HealsUpToOptions {
  /** Calls a second that the servers of the scenario can serve. Default 300, which is that of `scenarios.blip`. */
  readonly capacityPerS?: number;
  /** What happens. Its load is replaced. Default `scenarios.blip`: the server is stopped for half a second. */
  readonly scenario?: Scenario;
  /** What counts as healed: recovery within so many milliseconds. Default 10,000. */
  readonly withinMs?: number;
  /** Shares of the capacity between which the answer is looked for. Default 0.5 and 1. */
  readonly between?: readonly [from: number, to: number];
  /** How close the two answers are in the end, as a share of the capacity. Default 0.01. */
  readonly resolution?: number;
  /** A load heals if it heals with each of these. Default 10. */
  readonly seeds?: Seeds;
}

export interface HealsUpTo {
  /** The largest share of the capacity that was seen to heal with every seed. `null` if not even the lower end does. */
  readonly heals: number | null;
  /** The smallest share that was seen not to heal with some seed. `null` if the upper end heals. */
  readonly doesNotHeal: number | null;
  /** A seed with which `doesNotHeal` does not heal. */
  readonly seed: number | null;
}

/**
 * At which load does a blip not heal? Looks for the edge by bisection, over seeds. Above it the system stays down, or comes back only
 * after long, although what brought it down is gone: a metastable state.
 */
export async function healsUpTo(configuration: Configuration, options: HealsUpToOptions = {}): Promise<HealsUpTo> {
  const { capacityPerS = 300, scenario = scenarios.blip, withinMs = 10_000, resolution = 0.01 } = options;
  const seeds = seedsOf(options.seeds);
  /** @returns a seed with which it does not heal */
  const findIll = async (share: number): Promise<number | null> => {
    const loaded = { ...scenario, load: { ...scenario.load, rates: [{ fromMs: 0, perS: share * capacityPerS }] } };
    for (const seed of seeds) {
      const { recoveryMs } = await runScenario(configuration, loaded, seed);
      if (recoveryMs === null || recoveryMs > withinMs) return seed;
    }
    return null;
  };
  let [low, high] = options.between ?? [0.5, 1];
  let seed = await findIll(low);
  if (seed !== null) return { heals: null, doesNotHeal: low, seed };
  seed = await findIll(high);
  if (seed === null) return { heals: high, doesNotHeal: null, seed };
  while (high - low > resolution) {
    const middle = (low + high) / 2;
    const ill = await findIll(middle);
    if (ill === null) low = middle;
    else {
      high = middle;
      seed = ill;
    }
  }
  return { heals: low, doesNotHeal: high, seed };
}
