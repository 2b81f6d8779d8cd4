import type { Estimate } from '@halfopen/figures/statistics';
import { escape } from '@halfopen/figures/text';
import { type FigureRow, figureRows } from '../judge/figure-rows.ts';
import type { MetricName } from '../result/metrics.ts';
import type { ExperimentResult, HypothesisResult, VariantResult } from '../result/result.ts';
import { differenceText, formatFigure, METRIC_TEXTS } from '../wording/metric-words.ts';
import { spanText } from '../wording/span-text.ts';
import { variantWords } from '../wording/variant-words.ts';
import {
  beliefSentences,
  hypothesisInterval,
  NOT_RECOVERED,
  NOTHING,
  observedText,
  SIMULATED_SENTENCE,
  VERDICT_MARKS,
  VERDICT_TEXTS,
  verdictMeaning,
  verdictSentence,
} from '../wording/verdict-words.ts';
import { happeningsOf } from './happenings.ts';
import { PAGE_STYLE } from './page-style.ts';
import { timelinePicture } from './timeline-picture.ts';

/** Pixels: desktop; tablet, paper, or desktop at 200 %; phone of at least 360. */
const WIDTHS = { wide: 980, middle: 660, narrow: 358 } as const;
/** With at most this many columns of figures, intervals fit beside the figures on a desktop. */
const MOST_ROOMY_COLUMNS = 3;

/**
 * The report of an experiment: one HTML file that needs no network and no script. It gives the verdict with the figures
 * that distinguish the variants, then the reason and the hypotheses, then what happened second by second, then every
 * figure, and last how to run it again.
 */
export function renderReport(result: ExperimentResult): string {
  const { experiment, verdict, sound, simulated, remarks, provenance, variants } = result;
  const mark = simulated ? ' (simulated)' : '';
  const rows = figureRows(result);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escape(`${VERDICT_TEXTS[verdict]}${mark}: ${experiment.title}`)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Halfopen experiment${simulated ? ', simulated' : ''} · ${escape(experiment.file)} · <time datetime="${escape(provenance.startedAt)}">${escape(dateText(provenance.startedAt))}</time></p>
<h1>${escape(experiment.title)}</h1>
</header>
<section class="verdict ${verdict}" aria-labelledby="verdict">
<h2 class="word" id="verdict"><span class="mark" aria-hidden="true">${VERDICT_MARKS[verdict]}</span> ${VERDICT_TEXTS[verdict]}${mark}</h2>
${simulated ? `<p><strong>${SIMULATED_SENTENCE}</strong> The same file without <code>--simulate</code> runs real processes.</p>` : ''}
<p>${escape(`${verdictSentence(result)} ${verdictMeaning(result)}`.trim())}</p>
${(sound ? [glanceTable(result, rows), remarkList(remarks)] : [remarkList(remarks), glanceTable(result, rows)]).join('\n')}
</section>
<p class="why">${escape(experiment.why)}</p>

<h2 id="hypotheses">Hypotheses</h2>
${hypothesesTable(result.hypotheses)}
${variants.length === 0 ? '' : measured(result, rows)}
<h2>Where this comes from</h2>
${provenanceList(result)}
<p>To run it again:</p>
<pre class="wrap"><code>${escape(provenance.command)}</code></pre>
<details><summary>The experiment as it was run</summary>
<pre><code>${escape(experiment.text)}</code></pre>
</details>
</main>
</body>
</html>
`;
}

/** What there is to show once something ran: not after a first request that was answered as nobody expected. */
function measured(result: ExperimentResult, rows: readonly FigureRow[]): string {
  const { sound, variants } = result;
  return `<details><summary>${sound ? 'Why this verdict can be believed' : 'How it was measured'}</summary>
${beliefSentences(result)
  .map((sentence) => `<p>${escape(sentence)}</p>`)
  .join('\n')}
</details>

<h2>What happened</h2>
<p class="note">${variants.length > 1 ? 'One time axis and one scale for all variants. ' : ''}Shaded${sound ? '' : ', as it was planned'}: ${escape(shadedText(result))}.${repeatsNote(variants)}${uncountedNote(variants)}</p>
${variants.map((variant, index) => figureOf(result, variant, index)).join('\n')}

<h2 id="figures">All figures</h2>
${figuresTable(result, rows)}`;
}

function hypothesesTable(hypotheses: readonly HypothesisResult[]): string {
  const rows = hypotheses.map((one) => {
    const interval = hypothesisInterval(one);
    return `<tr>
<th scope="row">${escape(one.text)}</th>
<td class="number" data-heading="observed">${escape(observedText(one))}<span class="interval">${escape(interval ?? (one.observed === null ? '' : 'no interval'))}</span></td>
<td><span class="badge ${one.verdict}"><span aria-hidden="true">${VERDICT_MARKS[one.verdict]}</span> ${VERDICT_TEXTS[one.verdict].toLowerCase()}</span></td>
</tr>`;
  });
  return scrollable(
    'hypotheses',
    `<table>
<caption>What was demanded beforehand, what was observed, and the verdict</caption>
<thead><tr><th scope="col">Hypothesis</th><th scope="col" class="number">Observed, 95 % interval</th><th scope="col">Verdict</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table>`,
  );
}

function figureOf(result: ExperimentResult, variant: VariantResult, index: number): string {
  const words = variantWords(variant.env, result.provenance.on);
  return `<figure>
<figcaption><h3>${escape(variant.name)}</h3> <span class="env">${escape(words)}</span></figcaption>
${Object.entries(WIDTHS)
  .map(
    ([name, width]) =>
      `<div class="${name}">${timelinePicture(result, variant, { width, id: `${name}${index}` })}</div>`,
  )
  .join('\n')}
</figure>`;
}

function remarkList(remarks: readonly string[]): string {
  return remarks.length === 0 ? '' : `<ul>${remarks.map((remark) => `<li>${escape(remark)}</li>`).join('')}</ul>`;
}

/** The first questions of any reader: how callers fared with each variant, what it cost, and how soon it was over. */
const GLANCE = [
  { metric: 'success', phase: 'during', text: 'success', gloss: 'the right answer' },
  { metric: 'p99Ms', phase: 'during', text: 'p99', gloss: 'one in a hundred took longer' },
  { metric: 'amplification', phase: 'during', text: 'attempts per request', gloss: '' },
  { metric: 'recoveryMs', phase: 'after', text: 'recovery', gloss: 'from the end of the fault' },
] as const;

function glanceTable(result: ExperimentResult, rows: readonly FigureRow[]): string {
  const during = result.phases.find(({ name }) => name === 'during');
  const columns = GLANCE.flatMap((column) => {
    const row = rows.find(({ metric, phase }) => metric === column.metric && phase === column.phase);
    return row === undefined || row.estimates.every((one) => one === null) ? [] : [{ ...column, row }];
  });
  if (during === undefined || columns.length === 0) return '';
  const cell = ({ metric, row }: (typeof columns)[number], index: number) => {
    const value = row.estimates[index]?.value;
    if (value === undefined) return `<td>${NOTHING}</td>`;
    return `<td>${Number.isFinite(value) ? escape(formatFigure(metric, value)) : NOT_RECOVERED}</td>`;
  };
  return `<div class="glance" role="region" aria-label="At a glance" tabindex="0"><table>
<caption>In the phase during (${spanText(during)}):</caption>
<thead><tr><th scope="col">variant</th>${columns.map(({ text, gloss }) => `<th scope="col">${text} <span class="gloss">${gloss}</span></th>`).join('')}</tr></thead>
<tbody>${result.variants
    .map(
      ({ name }, index) =>
        `<tr><th scope="row">${escape(name)}</th>${columns.map((column) => cell(column, index)).join('')}</tr>`,
    )
    .join('\n')}</tbody>
</table></div>`;
}

function figuresTable(result: ExperimentResult, rows: readonly FigureRow[]): string {
  const repeats = result.variants[0]?.runs.length ?? 1;
  const [control, ...others] = result.variants.map(({ name }) => name);
  const columns = [...result.variants.map(({ name }) => name), ...others.map((name) => `${name} − ${control}`)];
  const groups = result.phases.map((phase) => {
    const { name } = phase;
    const offered = result.variants[0]?.runs.reduce((sum, { figures }) => sum + figures[name].offered, 0) ?? 0;
    return `<tbody>
<tr><th scope="rowgroup" colspan="${columns.length + 1}">${name}: ${spanText(phase)}, ${offered.toLocaleString('en-GB')} requests a variant</th></tr>
${
  offered === 0
    ? `<tr><td colspan="${columns.length + 1}">nothing was measured</td></tr>`
    : rows
        .filter((row) => row.phase === name)
        .map((row) => figureRow(row, repeats))
        .join('\n')
}
</tbody>`;
  });
  return `<p class="note">Each figure with its 95 % interval. pp: percentage points.${others.length === 0 ? '' : ' Differences are taken arrival by arrival, so that what both variants have in common cancels out.'}</p>
${scrollable(
  'figures',
  `<table${columns.length > MOST_ROOMY_COLUMNS ? '' : ' class="roomy"'}>
<caption>Every figure of every variant, phase by phase</caption>
<thead><tr><th scope="col">Figure</th>${columns.map((name) => `<th scope="col" class="number">${escape(name)}</th>`).join('')}</tr></thead>
${groups.join('\n')}
</table>`,
)}`;
}

function figureRow({ metric, estimates, differences }: FigureRow, repeats: number): string {
  const plain = (value: number) => formatFigure(metric, value);
  const signed = (value: number) => differenceText(metric, value);
  return `<tr><th scope="row">${escape(METRIC_TEXTS[metric])}</th>${[
    ...estimates.map((estimate) => estimateCell(metric, estimate, plain, repeats)),
    ...differences.map((estimate) => estimateCell(metric, estimate, signed, repeats)),
  ].join('')}</tr>`;
}

function estimateCell(
  metric: MetricName,
  estimate: Estimate | null,
  text: (value: number) => string,
  repeats: number,
): string {
  if (estimate === null) return `<td class="number">${NOTHING}</td>`;
  const { value, interval } = estimate;
  if (!Number.isFinite(value)) return `<td class="number">${NOT_RECOVERED}</td>`;
  const range =
    interval !== null
      ? `${text(interval[0])} to ${text(interval[1])}`
      : metric === 'recoveryMs'
        ? repeats === 1
          ? 'one per run'
          : `slowest of ${repeats} runs`
        : 'too few requests';
  return `<td class="number">${escape(text(value))}<span class="interval">${escape(range)}</span></td>`;
}

function provenanceList({ provenance, simulated }: ExperimentResult): string {
  const { startedAt, seed, commit, node, versions = {}, machine, on } = provenance;
  const entries = [
    ['Halfopen, commit', commit],
    ['Node', node],
    ...Object.entries(versions),
    ['Seed', String(seed)],
    ['Started', dateText(startedAt)],
    ['Ran on', simulated ? 'nothing: simulated on virtual time' : on === 'embedded' ? EMBEDDED_TEXT : on],
    ['Machine', `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`],
    ['System', machine.os],
  ] as const;
  return `<dl>${entries.map(([term, text]) => `<dt>${escape(term)}</dt><dd>${escape(text)}</dd>`).join('')}</dl>`;
}

const EMBEDDED_TEXT = 'processes on this machine, started for this run (embedded)';

/** A table may be wider than a phone. It scrolls on its own, also by keyboard, and the page does not. */
function scrollable(heading: string, table: string): string {
  return `<div class="scroll ${heading}" role="region" aria-labelledby="${heading}" tabindex="0">${table}</div>`;
}

function shadedText(result: ExperimentResult): string {
  const events = happeningsOf(result).filter(({ throughout }) => !throughout);
  if (events.length === 0) return 'nothing, because no fault began or ended';
  return events.map((event) => `${event.label} (${spanText(event)})`).join('; ');
}

function repeatsNote(variants: readonly VariantResult[]): string {
  const repeats = variants[0]?.runs.length ?? 1;
  return repeats === 1 ? '' : ` The pictures show the first of ${repeats} runs; the figures are from all.`;
}

/** An absent panel must not pass for a variant without attempts. */
function uncountedNote(variants: readonly VariantResult[]): string {
  const uncounted = variants.filter(({ runs }) => runs[0]?.timeline.attempts.every((count) => count === null));
  return uncounted.length === 0
    ? ''
    : ` Attempts could not be counted: ${escape(uncounted.map(({ name }) => name).join(', '))}.`;
}

function dateText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
