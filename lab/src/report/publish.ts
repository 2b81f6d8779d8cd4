import { basename } from 'node:path';
import { formatFigure, intervalText, METRIC_TEXTS } from '../metric-words.ts';
import { ResultError } from '../read-result.ts';
import type { ExperimentResult, MetricName } from '../result.ts';
import { type FigureRow, figureRows } from './figures.ts';
import { hypothesesMarkdown, markdownText, tableRow } from './markdown.ts';
import { summaryOf } from './summary.ts';
import { DARK, LIGHT, PICTURE_STYLE } from './theme.ts';
import { timelinePicture } from './timeline-picture.ts';
import { NOT_RECOVERED, VERDICT_MARKS, VERDICT_TEXTS, verdictSentence } from './verdict-words.ts';

/** Of all figures the ones that an overview needs; the report has the others. */
const SHOWN: readonly MetricName[] = ['success', 'degraded', 'p50Ms', 'p99Ms', 'amplification', 'recoveryMs'];

export interface Publication {
  /** Markdown. */
  readonly lines: readonly string[];
  /** An SVG for each variant, which follows the reader's light or dark setting. */
  readonly pictures: readonly { readonly file: string; readonly svg: string }[];
}

/**
 * Tables and pictures of results, for a folder of documentation.
 * @throws ResultError where two results are of the same experiment, or one is not fit to be held up
 */
export function publicationOf(results: readonly ExperimentResult[]): Publication {
  const names = results.map(nameOf);
  for (const [index, { sound, remarks, provenance }] of results.entries()) {
    if (!sound) throw new ResultError(`${names[index]} gave no verdict: ${remarks.join(' ')}`);
    if (!/^[0-9a-f]{40}$/.test(provenance.commit)) {
      throw new ResultError(
        `${names[index]} was run with files that are not committed (${provenance.commit}): commit, and run it again`,
      );
    }
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ResultError(`two results are of the experiment ${twice}: publish one of them`);
  const pictures = results.flatMap((result) =>
    result.variants.map((variant) => ({
      file: pictureFile(result, variant.name),
      svg: timelinePicture(result, variant, { width: 860, id: 'picture', style: FILE_STYLE }),
    })),
  );
  return { lines: [...overview(results), ...results.flatMap(section)], pictures };
}

/** A page of a browser has no say in a picture that it shows as a file: it brings its colours and its ground along. */
const FILE_STYLE = `svg {${LIGHT} background: var(--ground); }
@media (prefers-color-scheme: dark) { svg {${DARK} } }${PICTURE_STYLE}`;

function overview(results: readonly ExperimentResult[]): string[] {
  return [
    '',
    '| experiment | verdict | |',
    '| --- | --- | --- |',
    ...results.map((result) => {
      const { experiment, verdict } = result;
      const link = `[${markdownText(experiment.title)}](#${nameOf(result)})`;
      return `| ${link} | ${VERDICT_MARKS[verdict]} ${VERDICT_TEXTS[verdict].toLowerCase()} | ${verdictSentence(result)} |`;
    }),
    '',
  ];
}

function section(result: ExperimentResult): string[] {
  const { experiment, verdict, variants, provenance, remarks } = result;
  const rows = figureRows(result).filter(({ metric }) => SHOWN.includes(metric));
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
  if (estimate === null) return metric === 'recoveryMs' ? NOT_RECOVERED : '–';
  const { value, interval } = estimate;
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
