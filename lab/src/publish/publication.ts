import { basename } from 'node:path';
import { STANDALONE_STYLE } from '@halfopen/figures/pictures';
import { markdownText, tableRow } from '@halfopen/figures/text';
import { type FigureRow, figureRows } from '../judge/figure-rows.ts';
import { hypothesesMarkdown } from '../report/markdown.ts';
import { summaryOf } from '../report/summary.ts';
import { timelinePicture } from '../report/timeline-picture.ts';
import type { MetricName } from '../result/metrics.ts';
import { ResultError } from '../result/read-result.ts';
import type { ExperimentResult } from '../result/result.ts';
import { formatFigure, intervalText, METRIC_TEXTS } from '../wording/metric-words.ts';
import { NOT_RECOVERED, NOTHING, VERDICT_MARKS, VERDICT_TEXTS, verdictSentence } from '../wording/verdict-words.ts';
import { OVERVIEW_ALT, type Overviewed, overviewPicture } from './overview-picture.ts';
import { giveUpText, MOST_RUNS } from './run-until-judged.ts';

/** The figures that are published; the report of a run has all of them. */
const SHOWN: readonly MetricName[] = ['success', 'degraded', 'p50Ms', 'p99Ms', 'amplification', 'recoveryMs'];

const OVERVIEW_FILE = 'overview.svg';

export interface Publication {
  /** The picture of all experiments and the table of verdicts. Markdown, a line an entry. */
  readonly overview: readonly string[];
  /** A section for each experiment. Markdown, a line an entry. */
  readonly sections: readonly string[];
  /** What is published: of each experiment the one run that gave a verdict. */
  readonly judged: readonly ExperimentResult[];
  /** An SVG of all experiments, then one for each variant; all follow the reader's light or dark setting. */
  readonly pictures: readonly { readonly file: string; readonly svg: string }[];
}

/**
 * Tables and pictures of results, for a folder of documentation. The results may hold runs that were given up; how many there were,
 * and why, is published beside the judged run of the same experiment.
 * @throws ResultError when a result was simulated, when an experiment has two judged runs or none, when a run ended for a reason that does not allow to repeat it,
 *   or when a run was of uncommitted files
 */
export function publicationOf(results: readonly ExperimentResult[]): Publication {
  for (const result of results) {
    if (result.simulated)
      throw new ResultError(`${experimentName(result)} was simulated: only what was measured is published`);
    if (!/^[0-9a-f]{40}$/.test(result.provenance.commit)) {
      throw new ResultError(
        `${experimentName(result)} was run with uncommitted files (${result.provenance.commit}): commit them and run it again`,
      );
    }
  }
  const published = [...Map.groupBy(results, experimentName)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, runs]) => chosenOf(name, runs));
  const judged = published.map(({ result }) => result);
  const pictures = judged.flatMap((result) =>
    result.variants.map((variant) => ({
      file: pictureFile(result, variant.name),
      svg: timelinePicture(result, variant, { width: 860, id: 'picture', style: STANDALONE_STYLE }),
    })),
  );
  const overviewSvg = { file: OVERVIEW_FILE, svg: overviewPicture(published, STANDALONE_STYLE) };
  return {
    overview: [...overview(published), ...givenUpSummary(published)],
    sections: published.flatMap(section),
    judged,
    pictures: [overviewSvg, ...pictures],
  };
}

interface Published extends Overviewed {
  /** Why each earlier run was given up. */
  readonly givenUp: readonly string[];
}

function chosenOf(name: string, runs: readonly ExperimentResult[]): Published {
  const givenUp = runs
    .filter(({ sound }) => !sound)
    .map((run) => {
      const why = giveUpText(run);
      if (why === undefined) throw new ResultError(`${name} gave no verdict: ${run.remarks.join(' ')}`);
      return why;
    });
  const [result, another] = runs.filter(({ sound }) => sound);
  if (result === undefined) throw new ResultError(`${name} gave no verdict: ${givenUp.join(' ')}`);
  if (another !== undefined)
    throw new ResultError(`two judged results are of the experiment ${name}: publish one of them`);
  return { result, rows: figureRows(result), givenUp };
}

function givenUpSummary(published: readonly Published[]): string[] {
  const count = published.reduce((sum, { givenUp }) => sum + givenUp.length, 0);
  if (count === 0) return ['No run was given up.', ''];
  return [
    `${count} of ${count + published.length} runs ${count === 1 ? 'was' : 'were'} given up without a verdict, because the load generator was late or requests failed before anything` +
      ` was broken. Such an experiment is run again, at most ${MOST_RUNS} times in all; its section below says why. No judged run was repeated.`,
    '',
  ];
}

function overview(published: readonly Published[]): string[] {
  return [
    '',
    `![${markdownText(OVERVIEW_ALT)}](${OVERVIEW_FILE})`,
    '',
    '| experiment | verdict | success while it was broken | attempts per request |',
    '| --- | --- | --- | --- |',
    ...published.map(({ result, rows }) => {
      const { experiment, verdict } = result;
      const link = `[${markdownText(experiment.title)}](#${experimentName(result)})`;
      const judged = `${VERDICT_MARKS[verdict]} ${VERDICT_TEXTS[verdict].toLowerCase()}`;
      return `| ${link} | ${judged} | ${eachVariant(result, rows, 'success')} | ${eachVariant(result, rows, 'amplification')} |`;
    }),
    '',
    'A verdict says whether the hypotheses held, not which policy did better: some of them say that a bare call does.',
    '',
  ];
}

/** A figure of the broken phase for each variant: `none 25 %, standard 16 %`. */
function eachVariant({ variants }: ExperimentResult, rows: readonly FigureRow[], metric: MetricName): string {
  const row = rows.find((one) => one.phase === 'during' && one.metric === metric);
  return variants
    .map(({ name }, index) => {
      const estimate = row?.estimates[index] ?? null;
      return `${markdownText(name)} ${estimate === null ? NOTHING : formatFigure(metric, estimate.value)}`;
    })
    .join(', ');
}

function section({ result, rows: all, givenUp }: Published): string[] {
  const { experiment, verdict, variants, provenance, remarks } = result;
  const rows = all.filter(({ metric }) => SHOWN.includes(metric));
  return [
    '',
    `<a id="${experimentName(result)}"></a>`,
    '',
    `### ${markdownText(experiment.title)}`,
    '',
    markdownText(experiment.why),
    '',
    `**${VERDICT_MARKS[verdict]} ${VERDICT_TEXTS[verdict]}.** ${verdictSentence(result)}`,
    ...givenUp.map((why) => `\n- An earlier run was given up without a verdict. ${markdownText(why)}`),
    '',
    '<details>',
    '<summary>Hypotheses, figures, and what happened second by second</summary>',
    '',
    ...remarks.flatMap((remark) => [`- ${markdownText(remark)}`, '']),
    ...hypothesesMarkdown(result),
    '',
    `| phase | figure | ${variants.map(({ name }) => markdownText(name)).join(' | ')} |`,
    `| --- | --- |${variants.map(() => ' ---: |').join('')}`,
    ...rows.map((row) =>
      tableRow([row.phase, METRIC_TEXTS[row.metric], ...row.estimates.map((one) => cell(row, one))]),
    ),
    '',
    ...variants.flatMap((variant) => [
      `![${markdownText(summaryOf(result, variant))}](${pictureFile(result, variant.name)})`,
      '',
    ]),
    `\`${provenance.command}\` · ${provenance.startedAt.slice(0, 10)} · commit ${provenance.commit.slice(0, 12)} · Node ${provenance.node} · ${markdownText(provenance.machine.cpu)}, ${provenance.machine.cores} cores`,
    '',
    '</details>',
    '',
  ];
}

function cell({ metric }: FigureRow, estimate: FigureRow['estimates'][number]): string {
  if (estimate === null) return NOTHING;
  const { value, interval } = estimate;
  if (!Number.isFinite(value)) return NOT_RECOVERED;
  return interval === null
    ? formatFigure(metric, value)
    : `${formatFigure(metric, value)} (${intervalText(metric, interval)})`;
}

/** The name of an experiment: that of its file, without the ending. */
export function experimentName({ experiment }: ExperimentResult): string {
  return basename(experiment.file).replace(/\.ya?ml$/, '');
}

function pictureFile(result: ExperimentResult, variant: string): string {
  return `${experimentName(result)}-${variant}`.replace(/[^\w-]+/g, '-').concat('.svg');
}
