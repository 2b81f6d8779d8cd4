import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '@halfopen/figures/statistics';
import { cpuNsOf } from '../kernel.ts';
import { poissonArrivals } from './arrivals.ts';
import { openLoop } from './open-loop.ts';
import type { LatencyFigures, OpenTask } from './protocol.ts';

const WARM_UP_S = 0.5;
const PATIENCE_MS = 5_000;

/** Poisson arrivals, and how long each took from when it was due; those of the first half second are not looked at. */
export async function latencyOf({ url, pid, expected, ratePerS, seconds, seed }: OpenTask): Promise<LatencyFigures> {
  const dueMs = poissonArrivals(ratePerS, WARM_UP_S + seconds, seed);
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
