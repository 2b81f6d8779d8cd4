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

/** Of all figures the ones that an overview needs; the report has the others. */
const SHOWN: readonly MetricName[] = ['success', 'degraded', 'p50Ms', 'p99Ms', 'amplification', 'recoveryMs'];

const OVERVIEW_FILE = 'overview.svg';

export interface Publication {
  /** Markdown. */
  readonly lines: readonly string[];
  /** What is published: of each experiment the one run that gave a verdict. */
  readonly judged: readonly ExperimentResult[];
  /** An SVG of all experiments, then one for each variant, which follow the reader's light or dark setting. */
  readonly pictures: readonly { readonly file: string; readonly svg: string }[];
}

/**
 * Tables and pictures of results, for a folder of documentation. Of an experiment there may be runs that were given up beside the
 * one that was judged: how many, and why, is published with it.
 * @throws ResultError where two runs of an experiment were judged, so that somebody has to choose, or where one is not fit to be held up
 */
export function publicationOf(results: readonly ExperimentResult[]): Publication {
  for (const result of results) {
    if (!/^[0-9a-f]{40}$/.test(result.provenance.commit)) {
      throw new ResultError(
        `${nameOf(result)} was run with files that are not committed (${result.provenance.commit}): commit, and run it again`,
      );
    }
  }
  const published = [...Map.groupBy(results, nameOf)]
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
    lines: [...overview(published), ...givenUpSummary(published), ...published.flatMap(section)],
    judged,
    pictures: [overviewSvg, ...pictures],
  };
}

interface Published extends Overviewed {
  /** Of the runs that were given up, why. */
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
  if (another !== undefined) throw new ResultError(`two results are of the experiment ${name}: publish one of them`);
  return { result, rows: figureRows(result), givenUp };
}

function givenUpSummary(published: readonly Published[]): string[] {
  const count = published.reduce((sum, { givenUp }) => sum + givenUp.length, 0);
  if (count === 0) return ['No run was given up.', ''];
  return [
    `${count} of ${count + published.length} runs gave no verdict, because the runner was late, or requests failed before anything was broken. Those` +
      ` experiments were run again, ${MOST_RUNS} times at most in all; which ones they are, and why, is said below. None was run again once it was judged.`,
    '',
  ];
}

function overview(published: readonly Published[]): string[] {
  return [
    '',
    `![${markdownText(OVERVIEW_ALT)}](${OVERVIEW_FILE})`,
    '',
    '| experiment | verdict | |',
    '| --- | --- | --- |',
    ...published.map(({ result }) => {
      const { experiment, verdict } = result;
      const link = `[${markdownText(experiment.title)}](#${nameOf(result)})`;
      return `| ${link} | ${VERDICT_MARKS[verdict]} ${VERDICT_TEXTS[verdict].toLowerCase()} | ${verdictSentence(result)} |`;
    }),
    '',
  ];
}

function section({ result, rows: all, givenUp }: Published): string[] {
  const { experiment, verdict, variants, provenance, remarks } = result;
  const rows = all.filter(({ metric }) => SHOWN.includes(metric));
  return [
    '',
    `<a id="${nameOf(result)}"></a>`,
    '',
    `## ${markdownText(experiment.title)}`,
    '',
    markdownText(experiment.why),
    '',
    `**${VERDICT_MARKS[verdict]} ${VERDICT_TEXTS[verdict]}.** ${verdictSentence(result)}`,
    ...remarks.map((remark) => `\n- ${markdownText(remark)}`),
    ...givenUp.map((why) => `\n- Run before this one, given up without a verdict. ${markdownText(why)}`),
    '',
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

function nameOf({ experiment }: ExperimentResult): string {
  return basename(experiment.file).replace(/\.ya?ml$/, '');
}

function pictureFile(result: ExperimentResult, variant: string): string {
  return `${nameOf(result)}-${variant}`.replace(/[^\w-]+/g, '-').concat('.svg');
}
