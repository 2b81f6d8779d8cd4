import type { Configuration } from '../client/simulated-client.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import type { Seeds } from '../scenarios/seeds.ts';
import { simulate } from '../scenarios/simulate.ts';

export interface CostOfOutageOptions {
  /** What happens to the server: nobody listens (`refuse`), it stands still (`stop`), or requests vanish (`drop`). Default `stop`. */
  readonly kind?: 'refuse' | 'stop' | 'drop';
  /** The scenario whose servers and load are used. Default `scenarios.standstill`: 200 calls a second, far below capacity. */
  readonly scenario?: Scenario;
  /** Default 10. */
  readonly seeds?: Seeds;
}

/** What an outage costs, as the mean of the runs unless said otherwise. */
export interface CostOfOutage {
  /** Calls that failed while it lasted. */
  readonly failedDuring: number;
  /** Calls that failed after it: what the policies add to it, by an open breaker or by work that is still to be done. */
  readonly failedAfter: number;
  /** How long it took until calls succeeded again, in the worst run, in milliseconds. `Infinity`: never. `null`: too few calls to tell. */
  readonly worstRecoveryMs: number | null;
  /** Attempts that were sent per call while it lasted. */
  readonly attemptsPerCall: number;
  /** 99th percentile of the calls' durations while it lasted, in the worst run, in milliseconds: how long callers were kept. */
  readonly worstP99Ms: number;
}

const PEACE_MS = 10_000;
const RECOVERY_MS = 30_000;

/** What does an outage of so many milliseconds cost? */
export async function costOfOutage(
  configuration: Configuration,
  outageMs: number,
  options: CostOfOutageOptions = {},
): Promise<CostOfOutage> {
  const { kind = 'stop', scenario = scenarios.standstill, seeds } = options;
  const trigger = { fromMs: PEACE_MS, toMs: PEACE_MS + outageMs };
  const outage: Scenario = {
    ...scenario,
    faults: [{ kind, ...trigger }],
    trigger,
    lengthMs: trigger.toMs + RECOVERY_MS,
  };
  const { runs } = await simulate(configuration, outage, seeds === undefined ? {} : { seeds });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const recoveries = runs.map(({ recoveryMs }) => recoveryMs);
  return {
    failedDuring: mean(runs.map(({ during }) => during.offered - during.succeeded)),
    failedAfter: mean(runs.map(({ after }) => after.offered - after.succeeded)),
    worstRecoveryMs: recoveries.some((one) => one === null) ? null : Math.max(...recoveries.map(Number)),
    attemptsPerCall: mean(runs.map(({ during }) => during.attemptsPerCall)),
    worstP99Ms: Math.max(...runs.map(({ during }) => during.p99Ms ?? 0)),
  };
}
