import { figuresBetween, type Run } from '@halfopen/simulator';

/** The share of calls that succeeded, by the second in which they were due: the mean of all runs. */
export function successOverTime(runs: readonly Pick<Run, 'journal'>[], lengthMs: number) {
  return Array.from({ length: Math.floor(lengthMs / 1_000) }, (_, second) => {
    const shares = runs
      .map(({ journal }) => figuresBetween(journal, 1_000 * second, 1_000 * (second + 1)).success)
      .filter((share) => !Number.isNaN(share));
    return { x: second + 0.5, y: shares.reduce((sum, share) => sum + share, 0) / shares.length };
  });
}
