import { setTimeout as sleep } from 'node:timers/promises';
import { startGenerator } from '@halfopen/lab/generator';
import { epochMs } from '@halfopen/lab/protocol';
import { quantile } from '@halfopen/lab/quantile';
import { OUTCOMES } from '@halfopen/lab/result';
import { cpuNsOf } from '../kernel.ts';
import type { Running } from '../start.ts';

export interface LatencyFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly latenessP99Ms: number;
  /** CPU of the process that answers, for each request. */
  readonly cpuUs: number;
}

const WARM_UP_S = 0.5;
const PATIENCE_MS = 5_000;

/**
 * Sends requests when they are due, whether or not those before have been answered (the open loop of `lab`), and looks at how long
 * each took from then on. Who got no right answer has waited for as long as a caller would have.
 */
export async function latencyOf(
  { url, pid }: Running,
  ratePerS: number,
  seconds: number,
  seed: number,
): Promise<LatencyFigures> {
  const json = { message: 'Hello, caller-{n}!' };
  const load = {
    ratePerS,
    arrivals: 'poisson' as const,
    warmUpS: WARM_UP_S,
    // Nothing is broken here: three phases of the same.
    beforeS: seconds / 3,
    duringS: seconds / 3,
    afterS: seconds / 3,
    ramps: [],
    timeoutMs: PATIENCE_MS,
    maxLatenessMs: 20,
    mix: [{ weight: 1, path: '/hello?name=caller-{n}', headers: {}, expect: { status: 200, json } }],
  };
  const generator = await startGenerator(url, load, seed, () => undefined);
  try {
    generator.start(epochMs() + WARM_UP_S * 1_000);
    await sleep(WARM_UP_S * 1_000);
    const cpuNs = cpuNsOf([pid]);
    const { tookMs, outcome, latenessMs } = await generator.measured;
    const waitedMs = tookMs.map((took, index) =>
      OUTCOMES[outcome[index] as number] === 'success' ? took : PATIENCE_MS,
    );
    const at = (values: Float64Array, q: number) => quantile(values, q) ?? Number.NaN;
    return {
      p50Ms: at(waitedMs, 0.5),
      p99Ms: at(waitedMs, 0.99),
      latenessP99Ms: at(latenessMs, 0.99),
      cpuUs: (cpuNsOf([pid]) - cpuNs) / 1_000 / tookMs.length,
    };
  } finally {
    generator.kill();
  }
}
