import type { Provenance } from '@halfopen/figures/provenance';
import { quantile, worst } from '@halfopen/figures/statistics';
import { environmentOf } from '../experiment/environment.ts';
import type { Experiment, Variant } from '../experiment/format.ts';
import { endOf, type Phase, spanOf } from '../experiment/phases.ts';
import { labelOf } from '../faults/label.ts';
import { judgeHypothesis } from '../judge/judge-hypothesis.ts';
import { loadChangesOf } from '../load/load-changes.ts';
import { figuresOf } from '../measure/figures.ts';
import { timelineOf } from '../measure/timeline.ts';
import { packRequests } from '../result/packed-requests.ts';
import type { ExperimentResult, RunResult, VariantResult } from '../result/result.ts';
import type { VariantRun } from './run-variant.ts';
import type { Unsound } from './soundness.ts';

export interface ExperimentOptions {
  readonly experiment: Experiment;
  /** The path that the result names. */
  readonly file: string;
  /** The contents of the file. */
  readonly text: string;
  readonly seed: number;
  readonly repeats: number;
  readonly provenance: Provenance;
  /** Asks the system once, before it gets any load. Resolves with what is wrong, if anything. */
  readonly askOnce?: () => Promise<string | undefined>;
  /** Whether `run` computes what would happen, and measures nothing. */
  readonly simulated: boolean;
  /**
   * One run of a variant, by processes or simulated.
   * @param who the variant and the run, for progress: `standard 1/5`
   */
  readonly run: (variant: Variant, seed: number, who: string) => Promise<VariantRun>;
}

/**
 * Runs every variant as often as asked, and judges the hypotheses.
 *
 * Variants are paired: in each repeat all have the same seed, and so the same arrivals and the same failing requests.
 * Their order alternates (A B, B A, A B, …), so that a machine that becomes slower or faster favours none.
 *
 * The first unsound run ends the experiment, because later runs could not be judged either.
 * @throws Error when a system cannot be started or broken as asked
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResult> {
  const { experiment, seed, repeats } = options;
  const names = Object.keys(experiment.variants);
  const done: { readonly name: string; readonly run: VariantRun }[] = [];
  const refused = await options.askOnce?.();
  let unsound: Unsound[] = refused === undefined ? [] : [{ reason: 'unsteady', why: `No load was sent. ${refused}.` }];
  for (let repeat = 0; repeat < repeats && unsound.length === 0; repeat++) {
    for (const name of repeat % 2 === 0 ? names : names.toReversed()) {
      const variant = experiment.variants[name] as Variant;
      const who = repeats === 1 ? name : `${name} ${repeat + 1}/${repeats}`;
      const run = await options.run(variant, seed + repeat, who);
      done.push({ name, run });
      unsound = run.unsound.map(({ reason, why }) => ({ reason, why: `${who}: ${why}` }));
      if (unsound.length > 0) break;
    }
  }
  return resultOf(options, done, unsound);
}

function resultOf(
  { experiment, file, text, seed, provenance, simulated }: ExperimentOptions,
  done: readonly { readonly name: string; readonly run: VariantRun }[],
  unsound: readonly Unsound[],
): ExperimentResult {
  const { phases } = experiment.load;
  const endS = endOf(phases);
  const runsOf = (name: string) => done.filter((one) => one.name === name).map(({ run }) => run);
  const faults = experiment.method.map((method) => {
    const { fromS, toS } = spanOf(method, phases);
    return { label: labelOf(method), layer: method.layer, fromS: Math.max(0, fromS), toS };
  });
  const raw = Object.fromEntries(
    Object.keys(experiment.variants).map((name) => [name, runsOf(name).map((run) => run.raw)]),
  );
  const variants = Object.entries(experiment.variants).flatMap(([name, variant]): VariantResult[] => {
    const runs = runsOf(name);
    if (runs.length === 0) return [];
    return [
      { name, env: environmentOf(variant), runs: runs.map((run) => runResult(run, faults.length, phases, endS)) },
    ];
  });
  const loadChanges = loadChangesOf(experiment.load);
  const [gaveUp] = unsound;
  const sound = gaveUp === undefined;
  const hypotheses = experiment.hypothesis.map((hypothesis) => {
    const judged = judgeHypothesis(hypothesis, raw, phases, seed);
    // The figures of an unsound run are shown, but decide nothing.
    return sound ? judged : { ...judged, verdict: 'inconclusive' as const };
  });
  return {
    version: 1,
    ...(simulated ? { simulated } : {}),
    experiment: { file, title: experiment.title, why: experiment.why, text },
    verdict: sound ? worst(hypotheses.map(({ verdict }) => verdict)) : 'inconclusive',
    sound,
    ...(sound ? {} : { gaveUpFor: gaveUp.reason }),
    remarks: [
      ...unsound.map(({ why }) => why),
      ...new Set(done.flatMap(({ name, run }) => run.remarks.map((remark) => `${name}: ${remark}`))),
      ...sampleRemarks(done),
    ],
    provenance,
    phases: phases.map(({ name, fromS, toS }) => ({ name, fromS, toS })),
    faults,
    ...(loadChanges.length === 0 ? {} : { loadChanges }),
    hypotheses,
    variants,
  };
}

/** One sentence for each kind of unexpected answers and variant, whatever the number of runs. */
function sampleRemarks(done: readonly { readonly name: string; readonly run: VariantRun }[]): string[] {
  const all = done.flatMap(({ name, run }) => run.samples.map((sample) => ({ name, ...sample })));
  return [...Map.groupBy(all, ({ name, kind }) => `${name}: ${kind}`)].map(([of, samples]) => {
    const count = samples.reduce((sum, one) => sum + one.count, 0);
    return `${of} (${count} ×). The first: ${samples[0]?.first}.`;
  });
}

/** @param faultCount number of faults in the method, whether or not the run reached them */
function runResult(
  { raw: run, faults }: VariantRun,
  faultCount: number,
  phases: readonly Phase[],
  endS: number,
): RunResult {
  const [before, during, after] = phases.map((phase) => figuresOf(run, phase)) as [
    RunResult['figures']['before'],
    RunResult['figures']['during'],
    RunResult['figures']['after'],
  ];
  return {
    seed: run.seed,
    lateness: {
      p99Ms: quantile(run.latenessMs, 0.99) ?? 0,
      maxMs: run.latenessMs.reduce((most, one) => Math.max(most, one), 0),
    },
    faults: Array.from({ length: faultCount }, (_, index) => {
      const time = faults.find((one) => one.index === index);
      // Clipped to the time axis: a fault that was active earlier counts from its start.
      const within = (ms: number) => Math.min(Math.max(ms / 1_000, 0), endS);
      return time === undefined
        ? null
        : { fromS: within(time.inForceAtMs), toS: within(time.undoneAtMs ?? Number.POSITIVE_INFINITY) };
    }),
    requests: packRequests(run),
    figures: { before, during, after },
    timeline: timelineOf(run, endS),
  };
}
