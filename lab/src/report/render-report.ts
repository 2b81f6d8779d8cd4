import { differenceText, formatFigure, METRIC_TEXTS } from '../metric-words.ts';
import type { ExperimentResult, HypothesisResult, MetricName, VariantResult } from '../result.ts';
import type { Estimate } from '../stats/index.ts';
import { escape } from './escape.ts';
import { type FigureRow, figureRows } from './figures.ts';
import { happeningsOf } from './happenings.ts';
import { PAGE_STYLE } from './page-style.ts';
import { timelinePicture } from './timeline-picture.ts';
import {
  beliefSentences,
  hypothesisInterval,
  NOT_RECOVERED,
  NOTHING,
  observedText,
  VERDICT_MARKS,
  VERDICT_TEXTS,
  verdictSentence,
} from './verdict-words.ts';

/** Pixels: for a desk, and for a phone of 360 and up. */
const WIDE = 980;
const NARROW = 358;

/**
 * The report of an experiment: one HTML file that needs no network and no script. The verdict comes first, then what
 * was demanded, then what happened, second by second, then every figure, then how to have it again.
 */
export function renderReport(result: ExperimentResult): string {
  const { experiment, verdict, remarks, provenance, variants } = result;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escape(`${VERDICT_TEXTS[verdict]}: ${experiment.title}`)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Halfopen experiment · ${escape(experiment.file)} · <time datetime="${escape(provenance.startedAt)}">${escape(dateText(provenance.startedAt))}</time></p>
<h1>${escape(experiment.title)}</h1>
<p class="why">${escape(experiment.why)}</p>
</header>
<section class="verdict ${verdict}" aria-label="Verdict">
<p class="word"><span class="mark" aria-hidden="true">${VERDICT_MARKS[verdict]}</span> ${VERDICT_TEXTS[verdict]}</p>
<p>${escape(verdictSentence(result))}</p>
${remarks.length === 0 ? '' : `<ul>${remarks.map((remark) => `<li>${escape(remark)}</li>`).join('')}</ul>`}
</section>

<h2>Hypotheses</h2>
${hypothesesTable(result.hypotheses)}
<details><summary>Why this verdict can be believed</summary>
${beliefSentences(result)
  .map((sentence) => `<p>${escape(sentence)}</p>`)
  .join('\n')}
</details>

<h2>What happened</h2>
<p class="note">One time axis and one scale for all variants. Shaded: ${escape(shadedText(result))}.${repeatsNote(variants)}</p>
${variants.map((variant, index) => figureOf(result, variant, index)).join('\n')}

<h2>All figures</h2>
${figuresTable(result)}

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
    'Hypotheses',
    `<table>
<thead><tr><th scope="col">Hypothesis</th><th scope="col" class="number">Observed, 95 % interval</th><th scope="col">Verdict</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table>`,
    'hypotheses',
  );
}

function figureOf(result: ExperimentResult, variant: VariantResult, index: number): string {
  const env = Object.entries(variant.env).map(([name, value]) => `${name}=${value}`);
  return `<figure>
<figcaption>${escape(variant.name)} <span class="env">${escape(env.join(' '))}</span></figcaption>
<div class="wide">${timelinePicture(result, variant, { width: WIDE, id: `wide${index}` })}</div>
<div class="narrow">${timelinePicture(result, variant, { width: NARROW, id: `narrow${index}` })}</div>
</figure>`;
}

function figuresTable(result: ExperimentResult): string {
  const rows = figureRows(result);
  const repeats = result.variants[0]?.runs.length ?? 1;
  const [control, ...others] = result.variants.map(({ name }) => name);
  const columns = [...result.variants.map(({ name }) => name), ...others.map((name) => `${name} − ${control}`)];
  const groups = result.phases.map(({ name, fromS, toS }) => {
    const offered = result.variants[0]?.runs.reduce((sum, { figures }) => sum + figures[name].offered, 0) ?? 0;
    return `<tbody>
<tr><th scope="rowgroup" colspan="${columns.length + 1}">${name}: ${fromS} to ${toS} s, ${offered.toLocaleString('en-GB')} requests a variant</th></tr>
${rows
  .filter(({ phase }) => phase === name)
  .map((row) => figureRow(row, repeats))
  .join('\n')}
</tbody>`;
  });
  return `<p class="note">Each figure with its 95 % interval. pp: percentage points. Differences are taken arrival by arrival, so that what both variants have in common cancels out.</p>
${scrollable(
  'All figures',
  `<table>
<thead><tr><th scope="col">Figure</th>${columns.map((name) => `<th scope="col" class="number">${escape(name)}</th>`).join('')}</tr></thead>
${groups.join('\n')}
</table>`,
  'figures',
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
          ? 'one a run'
          : `slowest of ${repeats} runs`
        : 'too few requests';
  return `<td class="number">${escape(text(value))}<span class="interval">${escape(range)}</span></td>`;
}

function provenanceList({ provenance }: ExperimentResult): string {
  const { startedAt, seed, commit, node, versions = {}, machine, on } = provenance;
  const entries = [
    ['Halfopen', commit],
    ['Node', node],
    ...Object.entries(versions),
    ['Seed', String(seed)],
    ['Started', dateText(startedAt)],
    ['Ran on', on],
    ['Machine', `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`],
    ['System', machine.os],
  ] as const;
  return `<dl>${entries.map(([term, text]) => `<dt>${escape(term)}</dt><dd>${escape(text)}</dd>`).join('')}</dl>`;
}

/** A table may be wider than a phone: it scrolls by itself, with the keyboard too, and the page does not. */
function scrollable(label: string, table: string, className: string): string {
  return `<div class="scroll ${className}" role="region" aria-label="${escape(label)}" tabindex="0">${table}</div>`;
}

function shadedText(result: ExperimentResult): string {
  const events = happeningsOf(result).filter(({ throughout }) => !throughout);
  if (events.length === 0) return 'nothing, there was no fault that came or went';
  return events.map(({ label, fromS, toS }) => `${label} (${fromS} to ${toS} s)`).join('; ');
}

function repeatsNote(variants: readonly VariantResult[]): string {
  const repeats = variants[0]?.runs.length ?? 1;
  return repeats === 1 ? '' : ` The pictures show the first of ${repeats} runs, the figures are of all.`;
}

function dateText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
