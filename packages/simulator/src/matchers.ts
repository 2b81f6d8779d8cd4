import { pictureOf } from './record/picture.ts';
import type { Phase, Run } from './record/run.ts';
import type { Simulation } from './scenarios/simulate.ts';

/** What `expect.extend` of vitest and of Jest take. */
interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

const share = (value: number) => `${(100 * value).toFixed(1)} %`;
const ms = (value: number | null) =>
  value === null ? 'too few calls to tell' : Number.isFinite(value) ? `${Math.round(value)} ms` : 'never';

/** A run that is not as expected, the worst one, drawn. @param value of a run, the larger the worse */
function resultOf(
  { scenario, runs }: Simulation,
  expected: string,
  isAsExpected: (run: Run) => boolean,
  badness: (run: Run) => number,
  describe: (run: Run) => string,
): MatcherResult {
  if (runs.length === 0) throw new RangeError('the simulation has no runs: nothing can be said about it');
  const wrong = runs.filter((run) => !isAsExpected(run));
  const shown = (wrong.length > 0 ? wrong : [...runs]).reduce((a, b) => (badness(b) > badness(a) ? b : a));
  const seeds = wrong.map(({ seed }) => seed);
  return {
    pass: wrong.length === 0,
    message: () =>
      [
        wrong.length === 0
          ? `${scenario.name}: expected that some run does not ${expected}, but all ${runs.length} do`
          : `${scenario.name}: expected every run to ${expected}, but ${wrong.length} of ${runs.length} did not: ${seeds.length > 1 ? 'seeds' : 'seed'} ${seeds.join(', ')}`,
        `${wrong.length === 0 ? 'the least clear' : 'the worst'} is seed ${shown.seed}: ${describe(shown)}`,
        '',
        pictureOf(shown),
        '',
        `To run it alone: simulate(configuration, scenario, { seeds: [${shown.seed}] })`,
      ].join('\n'),
  };
}

/**
 * Matchers for vitest or Jest: `expect.extend(matchers)`. Each looks at every run, and a failure names the seeds, and draws the worst run.
 * With vitest, `import '@halfopen/simulator/vitest'` does it, types included.
 */
export const matchers = {
  /** In every run, at least 95 % of the calls succeed again this many milliseconds after the trouble has ended, and from then on. */
  toRecoverWithin(simulation: Simulation, limitMs: number): MatcherResult {
    return resultOf(
      simulation,
      `recover within ${limitMs} ms`,
      ({ recoveryMs }) => recoveryMs !== null && recoveryMs <= limitMs,
      ({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY,
      ({ recoveryMs }) => `recovery took: ${ms(recoveryMs)}`,
    );
  },

  /** In every run, at least this share of the calls of a phase succeeds. @param phase default `during` */
  toSucceedAtLeast(simulation: Simulation, least: number, phase: Phase = 'during'): MatcherResult {
    return resultOf(
      simulation,
      `serve at least ${share(least)} of the calls ${phase} the trouble`,
      (run) => run[phase].success >= least,
      (run) => -run[phase].success,
      (run) => `${share(run[phase].success)} succeeded`,
    );
  },

  /** In every run, the servers get at most this many requests per call in a phase. @param phase default `during` */
  toSendAtMost(simulation: Simulation, most: number, phase: Phase = 'during'): MatcherResult {
    return resultOf(
      simulation,
      `send at most ${most} requests per call ${phase} the trouble`,
      (run) => run[phase].requestsPerCall <= most,
      (run) => run[phase].requestsPerCall,
      (run) => `the servers received ${run[phase].requestsPerCall.toFixed(3)} requests per call`,
    );
  },

  /** In every run, no caller's breaker opens. */
  toKeepBreakersClosed(simulation: Simulation): MatcherResult {
    const openings = ({ breakerTransitions }: Run) => breakerTransitions.filter(({ to }) => to === 'open').length;
    return resultOf(
      simulation,
      'keep all breakers closed',
      (run) => openings(run) === 0,
      openings,
      (run) => `breakers opened ${openings(run)} times`,
    );
  },
};
