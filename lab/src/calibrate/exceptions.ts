import type { ComparedFigure } from './calibrate.ts';

export interface Exception extends Pick<ComparedFigure, 'experiment' | 'variant' | 'phase' | 'figure'> {
  /** Why the two differ, for the page. */
  readonly why: string;
}

/** The model of a healthy call is right on average. One phase of one run has a few hundred calls, and its p99 is decided by some of them. */
const PAUSES =
  'A healthy call. The p99 of a few hundred calls is decided by one or two pauses of the machine; between real runs it varies from 6 to 15 ms.';

const COLD_START = 'The greeter has just started and compiles its code as it is used. The model has no cold start.';

const REFUSALS = 'A connection that is refused costs a real edge more work than the model has.';

/** Every figure that differs more than allowed. A test fails when another one does, and when one of these no longer does. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    experiment: 'black-hole',
    variant: 'standard',
    phase: 'after',
    figure: 'success',
    why: 'The breaker is open when the greeter comes back. How soon it asks again, within a second, is chance, and the only real run asked late.',
  },
  { experiment: 'black-hole', variant: 'standard', phase: 'after', figure: 'p99Ms', why: PAUSES },
  { experiment: 'gray-replica', variant: 'none', phase: 'after', figure: 'p99Ms', why: PAUSES },
  {
    experiment: 'gray-replica',
    variant: 'none',
    phase: 'during',
    figure: 'success',
    why: 'Which greeter a call goes to is chance, and differs by 1.3 points (one standard deviation) from run to run.',
  },
  {
    experiment: 'gray-replica',
    variant: 'standard',
    phase: 'during',
    figure: 'p99Ms',
    why: 'The slowest calls are the few that are retried before the gray greeter is left out. How many there are is chance.',
  },
  { experiment: 'poison', variant: 'none', phase: 'after', figure: 'p99Ms', why: PAUSES },
  { experiment: 'poison', variant: 'standard', phase: 'after', figure: 'p99Ms', why: PAUSES },
  { experiment: 'random-errors-05', variant: 'bucket', phase: 'after', figure: 'p99Ms', why: PAUSES },
  { experiment: 'random-errors-50', variant: 'none', phase: 'after', figure: 'p99Ms', why: PAUSES },
  { experiment: 'slow-third', variant: 'none', phase: 'after', figure: 'p99Ms', why: PAUSES },
  { experiment: 'total-outage', variant: 'none', phase: 'during', figure: 'p99Ms', why: REFUSALS },
  { experiment: 'total-outage', variant: 'none', phase: 'after', figure: 'p99Ms', why: COLD_START },
  {
    experiment: 'total-outage',
    variant: 'standard',
    phase: 'after',
    figure: 'success',
    why: 'As in the black hole: how soon the open breaker asks again is chance.',
  },
  {
    experiment: 'total-outage',
    variant: 'standard',
    phase: 'during',
    figure: 'p99Ms',
    why: 'The slowest calls are the 20 that the budget pays a retry for. Their back-offs are drawn anew in each run.',
  },
];

const keyOf = ({ experiment, variant, phase, figure }: Omit<Exception, 'why'>) =>
  `${experiment}, ${variant}, ${phase}: ${figure}`;

/** The exception for a figure, if it is one. */
export function exceptionOf(figure: ComparedFigure): Exception | undefined {
  return EXCEPTIONS.find((one) => keyOf(one) === keyOf(figure));
}

/** What is wrong with the list of exceptions, one line each. Of experiments that were not compared nothing is said. */
export function mistakesOf(figures: readonly ComparedFigure[]): string[] {
  const compared = new Set(figures.map(({ experiment }) => experiment));
  return [
    ...figures
      .filter((one) => !one.agrees && exceptionOf(one) === undefined)
      .map(
        (one) =>
          `${keyOf(one)} is ${one.simulated} simulated and ${one.real} real: mend the model, or name and explain it`,
      ),
    ...EXCEPTIONS.filter(
      (one) =>
        compared.has(one.experiment) && !figures.some((figure) => !figure.agrees && keyOf(figure) === keyOf(one)),
    ).map((one) => `${keyOf(one)} agrees by now: it is no exception any more`),
  ];
}
