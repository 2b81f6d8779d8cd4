import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Experiment, Variant } from '../experiment/format.ts';
import type { Phase } from '../experiment/phases.ts';
import { readExperiment } from '../experiment/read-experiment.ts';
import { figuresOf } from '../measure/figures.ts';
import { readResult } from '../result/read-result.ts';
import { type Figures, PHASES, type PhaseName, type VariantResult } from '../result/result.ts';
import { runSimulated } from '../simulate/run-simulated.ts';

/** A figure of a variant, simulated and real. */
export interface ComparedFigure {
  readonly experiment: string;
  readonly variant: string;
  readonly phase: PhaseName;
  readonly figure: 'success' | 'p99Ms';
  /** Mean of all real runs. */
  readonly real: number;
  /** Mean of all simulated runs. */
  readonly simulated: number;
  /** The smallest and the largest of the simulated runs. */
  readonly range: readonly [number, number];
  /** Whether it is closer than {@link MOST_POINTS} or {@link MOST_SHARE}. */
  readonly agrees: boolean;
}

/** A share of successes agrees within so much: three points. */
export const MOST_POINTS = 0.03;

/** A p99 agrees within this share of the real one. */
export const MOST_SHARE = 0.2;

/**
 * Real runs are few, and each drew its own jitter. The simulated figure is the mean of at least so many draws, so that what differs is
 * the model.
 */
const LEAST_RUNS = 4;

/**
 * p99 of the phase before is not compared: what a call costs is fitted to it (`machine.ts`).
 */
const FIGURES: Readonly<Record<PhaseName, readonly ComparedFigure['figure'][]>> = {
  before: ['success'],
  during: ['success', 'p99Ms'],
  after: ['success', 'p99Ms'],
};

/**
 * Simulates committed experiments and compares them with their committed results.
 * @param root folder of the workspace
 * @param names which experiments; default all that have a result
 * @param say called with a line for each variant
 */
export async function calibrate(
  root: string,
  { names, say = () => undefined }: { readonly names?: readonly string[]; readonly say?: (line: string) => void } = {},
): Promise<ComparedFigure[]> {
  const all = globSync('experiments/results/*.json.gz', { cwd: root }).map((file) => basename(file, '.json.gz'));
  const figures: ComparedFigure[] = [];
  for (const name of (names ?? all).toSorted()) {
    const text = readFileSync(join(root, 'experiments', `${name}.yaml`), 'utf8');
    const experiment = readExperiment(text, name);
    const { variants } = readResult(join(root, 'experiments', 'results', `${name}.json.gz`));
    for (const real of variants) {
      say(`${name}, ${real.name}`);
      // One after the other: two at once would only make progress harder to follow.
      // oxlint-disable-next-line no-await-in-loop
      figures.push(...(await compareVariant(name, experiment, real)));
    }
  }
  return figures;
}

async function compareVariant(name: string, experiment: Experiment, real: VariantResult): Promise<ComparedFigure[]> {
  const variant = experiment.variants[real.name] as Variant;
  const draws = Math.ceil(LEAST_RUNS / real.runs.length);
  const simulated: Record<PhaseName, Figures>[] = [];
  for (const { seed } of real.runs) {
    for (let draw = 0; draw < draws; draw++) {
      const options = { experiment, variant, seed, draw, signal: NEVER, onProgress: () => undefined };
      // oxlint-disable-next-line no-await-in-loop
      const { raw } = await runSimulated(options);
      const ofPhase = (phase: PhaseName) =>
        figuresOf(raw, experiment.load.phases.find((one) => one.name === phase) as Phase);
      simulated.push({ before: ofPhase('before'), during: ofPhase('during'), after: ofPhase('after') });
    }
  }
  return PHASES.flatMap((phase) =>
    FIGURES[phase].map((figure): ComparedFigure => {
      const measured = real.runs.map(({ figures }) => figures[phase][figure] ?? Number.NaN);
      const computed = simulated.map((figures) => figures[phase][figure] ?? Number.NaN);
      const pair = { real: mean(measured), simulated: mean(computed) };
      const range = [Math.min(...computed), Math.max(...computed)] as const;
      return { experiment: name, variant: real.name, phase, figure, ...pair, range, agrees: agrees(figure, pair) };
    }),
  );
}

function agrees(figure: ComparedFigure['figure'], pair: Pick<ComparedFigure, 'real' | 'simulated'>): boolean {
  const difference = Math.abs(pair.simulated - pair.real);
  return figure === 'success' ? difference <= MOST_POINTS : difference <= MOST_SHARE * pair.real;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const NEVER = new AbortController().signal;
