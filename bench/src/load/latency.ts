import { setTimeout as sleep } from 'node:timers/promises';
import { arrivalsOf } from '@halfopen/lab/arrivals';
import { quantile } from '@halfopen/lab/quantile';
import { cpuNsOf } from '../kernel.ts';
import { openLoop } from './open-loop.ts';
import type { LatencyFigures, OpenTask } from './protocol.ts';

const WARM_UP_S = 0.5;
const PATIENCE_MS = 5_000;

/** Poisson arrivals, and how long each took from when it was due; those of the first half second are not looked at. */
export async function latencyOf({ url, pid, expected, ratePerS, seconds, seed }: OpenTask): Promise<LatencyFigures> {
  const dueMs = arrivalsOf(
    {
      ratePerS,
      arrivals: 'poisson',
      warmUpS: WARM_UP_S,
      // Nothing is broken here: three phases of the same.
      beforeS: seconds / 3,
      duringS: seconds / 3,
      afterS: seconds / 3,
      ramps: [],
      timeoutMs: PATIENCE_MS,
      maxLatenessMs: 20,
      mix: [{ weight: 1, method: 'GET', path: '/hello', headers: {}, expect: { status: expected.status } }],
    },
    seed,
  ).dueMs.map((due) => due + WARM_UP_S * 1_000);
  const measured = openLoop({ url, dueMs, expected, patienceMs: PATIENCE_MS });
  await sleep(WARM_UP_S * 1_000);
  const cpuNs = cpuNsOf([pid]);
  const { waitedMs, latenessMs } = await measured;
  const first = dueMs.findIndex((due) => due >= WARM_UP_S * 1_000);
  const at = (values: Float64Array, q: number) => quantile(values.subarray(first), q) ?? Number.NaN;
  return {
    p50Ms: at(waitedMs, 0.5),
    p99Ms: at(waitedMs, 0.99),
    latenessP99Ms: at(latenessMs, 0.99),
    cpuUs: (cpuNsOf([pid]) - cpuNs) / 1_000 / (dueMs.length - first),
  };
}
