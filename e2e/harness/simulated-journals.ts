import { naiveRetry, type Scenario, scenarios, simulate, standard } from '@halfopen/simulator';

/** Short, and with something for every model and policy to do. */
const SCENARIOS: readonly Scenario[] = [
  { ...scenarios.overloadOfAdmission, lengthMs: 24_000 },
  { ...scenarios.grayReplica, lengthMs: 22_000 },
  {
    ...scenarios.retryStorm,
    load: { ...scenarios.retryStorm.load, rates: [{ fromMs: 0, perS: 100 }] },
    lengthMs: 15_000,
  },
];

/** What happens in some scenarios, as hashes. Runs in Node and in a browser, which must agree. */
export async function journalHashes(): Promise<string[]> {
  const hashes: string[] = [];
  for (const scenario of SCENARIOS) {
    for (const configuration of [standard, naiveRetry()]) {
      const { runs } = await simulate(configuration, scenario, { seeds: [1, 2] });
      hashes.push(...runs.map(({ hash }) => hash));
    }
  }
  return hashes;
}
