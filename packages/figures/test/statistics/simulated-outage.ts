import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { normalQuantile } from '../../src/statistics/normal.ts';

/** One side of a pair, one entry an arrival. */
export interface SimulatedRun {
  readonly success: Float64Array;
  readonly tookMs: Float64Array;
  readonly attempts: Float64Array;
}

export interface SimulatedOutage {
  readonly arrivals: number;
  /** Poisson arrivals. */
  readonly ratePerS: number;
  /** Share of the arrivals that the fault hits, the same ones on both sides. */
  readonly hit: number;
  /** Share of the arrivals that fail on this side besides. */
  readonly planted?: number;
}

/**
 * A breaker in an outage, in miniature: the fault hits the same arrivals whoever is asked; five failures in a row open the
 * breaker, for a time that this side draws by itself (a quarter of a second to one), and everything that arrives meanwhile fails.
 * So failures come in bursts of a hundred, and two sides with nothing between them differ by whole bursts.
 */
export function simulateOutage(arrivalSeed: number, sideSeed: number, options: SimulatedOutage): SimulatedRun {
  const common = chances(spread(arrivalSeed));
  const own = chances(spread(sideSeed));
  const { arrivals, ratePerS, hit, planted = 0 } = options;
  const run = {
    success: new Float64Array(arrivals),
    tookMs: new Float64Array(arrivals),
    attempts: new Float64Array(arrivals),
  };
  let [nowMs, openUntilMs, failuresInARow] = [0, 0, 0];
  for (let i = 0; i < arrivals; i++) {
    nowMs += (-Math.log(1 - common()) / ratePerS) * 1000;
    const victim = common() < hit;
    const [ownMs, retryWorks, lost, openForMs] = [
      -Math.log(1 - own()) * 8,
      own() > hit,
      own() < planted,
      250 + 750 * own(),
    ];
    if (nowMs < openUntilMs) {
      run.tookMs[i] = 1;
      continue;
    }
    const retried = victim && failuresInARow < 3;
    const works = !victim || (retried && retryWorks);
    run.attempts[i] = retried ? 2 : 1;
    run.tookMs[i] = 2 + ownMs + (victim ? 40 : 0);
    run.success[i] = works && !lost ? 1 : 0;
    failuresInARow = works ? 0 : failuresInARow + 1;
    if (failuresInARow === 5) [openUntilMs, failuresInARow] = [nowMs + openForMs, 4];
  }
  return run;
}

/**
 * Success that comes and goes: on average 200 arrivals answered, then 60 lost, and so four or five bursts in 1200. Two sides
 * have no burst in common.
 */
export function simulateBursts(seed: number, arrivals: number): Float64Array {
  const chance = chances(spread(seed));
  let lost = chance() < 60 / 260;
  return Float64Array.from({ length: arrivals }, () => {
    if (chance() < 1 / (lost ? 60 : 200)) lost = !lost;
    return lost ? 0 : 1;
  });
}

/** The share that `simulateBursts` answers in the long run. */
export const ANSWERED_IN_BURSTS = 200 / 260;

/** Times of independent requests, on a machine whose speed differs from run to run by 3 % (standard deviation). */
export function simulateMachine(seed: number, arrivals: number): Float64Array {
  const chance = chances(spread(seed));
  const normal = () => normalQuantile(Math.max(Number.MIN_VALUE, chance()));
  const speed = Math.exp(0.03 * normal());
  return Float64Array.from({ length: arrivals }, () => speed * (2.5 + Math.exp(0.6 * normal() - 0.5)));
}

/** Each call a number in [0, 1). */
export function chances(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  return () => uniformFloat64(random);
}

/** A seed far from that of its neighbours: near ones give this generator similar numbers, and many cases are no more than a few. */
export function spread(seed: number): number {
  return Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995;
}
