import { describe, expect, it } from 'vitest';
import {
  alarmLevel,
  type Estimate,
  pairedDifference,
  quantileInterval,
  shareInterval,
} from '../../src/statistics/index.ts';
import {
  ANSWERED_IN_BURSTS,
  chances,
  simulateBursts,
  simulateMachine,
  simulateOutage,
  spread,
} from '../statistics/simulated-outage.ts';

const MEDIAN = { kind: 'quantile', q: 0.5 } as const;
/** Of 95 % intervals that are wrong one time in twenty, more than 17 of 200 are in one series of a hundred (binomial). */
const FALSE_ALARMS_OF_200 = 17;
const RESAMPLES = 500;

const cases = Array.from({ length: 200 }, (_, index) => index);

/** The runs of one side of a case. Different seeds for all of them. */
function runsOf<Run>(
  simulate: (seed: number, arrivals: number) => Run,
  side: number,
  repeats: number,
  arrivals: number,
) {
  return Array.from({ length: repeats }, (_, run) => simulate(side * 100 + run, arrivals));
}

function holds({ interval }: Estimate, truth: number): boolean {
  return interval !== null && interval[0] <= truth && truth <= interval[1];
}

describe.each([1, 5])('four or five bursts a run, %i runs', (repeats) => {
  it('success: the 95 % interval holds the true share in 9 of 10', { timeout: 60_000 }, () => {
    const held = cases.filter((seed) =>
      holds(
        shareInterval(runsOf(simulateBursts, seed, repeats, 1200), { seed, resamples: RESAMPLES }),
        ANSWERED_IN_BURSTS,
      ),
    );
    expect(held.length).toBeGreaterThanOrEqual(180);
  });

  it('A/A: the 95 % interval of a paired difference rings in one of twenty', { timeout: 60_000 }, () => {
    const rang = cases.filter((seed) => {
      const [a, b] = [1000 + seed, 2000 + seed].map((side) => runsOf(simulateBursts, side, repeats, 1200)) as [
        Float64Array[],
        Float64Array[],
      ];
      return !holds(pairedDifference(b, a, 'share', { seed, resamples: RESAMPLES }), 0);
    });
    expect(rang.length).toBeLessThanOrEqual(FALSE_ALARMS_OF_200);
  });
});

describe('a breaker that flaps, with single failures between its bursts', () => {
  it('A/A: the 95 % interval of a paired difference rings in one of twenty', { timeout: 60_000 }, () => {
    const rang = cases.filter((seed) => {
      const outage = { arrivals: 1200, ratePerS: 100, hit: 0.5 };
      const [a, b] = [simulateOutage(seed, 1000 + seed, outage), simulateOutage(seed, 2000 + seed, outage)];
      return !holds(pairedDifference([b.success], [a.success], 'share', { seed, resamples: RESAMPLES }), 0);
    });
    expect(rang.length).toBeLessThanOrEqual(FALSE_ALARMS_OF_200);
  });
});

describe('a machine whose speed differs from run to run by 3 %, five runs', () => {
  const [a, b] = [1000, 2000].map((first) => cases.map((seed) => runsOf(simulateMachine, first + seed, 5, 200))) as [
    Float64Array[][],
    Float64Array[][],
  ];
  const options = { seed: 1, resamples: 300 };
  const rang = (pairs: number, betweenRuns: boolean) =>
    a
      .slice(0, pairs)
      .filter(
        (runs, seed) =>
          !holds(pairedDifference(b[seed] as Float64Array[], runs, MEDIAN, { ...options, betweenRuns }), 0),
      );

  it('A/A: the 95 % interval of p50 rings in one of twenty', { timeout: 60_000 }, () => {
    expect(rang(200, true).length).toBeLessThanOrEqual(FALSE_ALARMS_OF_200);
  });

  it('rings in every third if runs are not compared with each other', { timeout: 60_000 }, () => {
    expect(rang(50, false).length).toBeGreaterThan(16);
  });

  it('p50 of one side holds the median of all machines', { timeout: 60_000 }, () => {
    const truth = 2.5 + Math.exp(-0.5);
    const held = a.filter((runs) => holds(quantileInterval(runs, 0.5, options), truth));
    expect(held.length).toBeGreaterThanOrEqual(180);
  });
});

describe('a planted loss of 2 %, with the same victims on both sides', () => {
  /** In how many of the pairs the loss is seen. */
  const found = (pairs: number, arrivals: number, level: number, repeats: number, betweenRuns = true) =>
    cases.slice(0, pairs).filter((pair) => {
      const chance = chances(spread(pair));
      const a = runsOf(() => Float64Array.from({ length: arrivals }, () => (chance() < 0.3 ? 0 : 1)), 0, repeats, 0);
      const b = a.map((run) => run.map((one) => (chance() < 0.02 ? 0 : one)));
      const { interval } = pairedDifference(b, a, 'share', { seed: pair, level, resamples: 1000, betweenRuns });
      return interval !== null && interval[1] < 0;
    }).length;

  it('is seen at 95 % from one run of 1200, mostly from 600, and by an alarm from 1200', { timeout: 60_000 }, () => {
    expect(found(100, 1200, 0.95, 1)).toBeGreaterThanOrEqual(99);
    expect(found(100, 600, 0.95, 1)).toBeGreaterThanOrEqual(80);
    expect(found(100, 1200, alarmLevel(6), 1)).toBeGreaterThanOrEqual(83);
  });

  it('is seen by an alarm from five runs of 400 only if the runs are not compared with each other', {
    timeout: 60_000,
  }, () => {
    expect(found(50, 400, alarmLevel(6), 5, false)).toBeGreaterThanOrEqual(49);
    expect(found(50, 400, alarmLevel(6), 5)).toBeLessThan(30);
  });
});
