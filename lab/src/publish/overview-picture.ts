import { latencyText, latencyTicks, pictureElement, plotPanel } from '@halfopen/figures/pictures';
import { escape } from '@halfopen/figures/text';
import * as Plot from '@observablehq/plot';
import type { FigureRow } from '../judge/figure-rows.ts';
import type { MetricName } from '../result/metrics.ts';
import type { ExperimentResult } from '../result/result.ts';
import { formatFigure } from '../wording/metric-words.ts';

export interface Overviewed {
  readonly result: ExperimentResult;
  readonly rows: readonly FigureRow[];
}

/** Pixels. */
const [WIDTH, LEFT, GAP, ROW, TOP, BOTTOM] = [860, 190, 26, 34, 62, 22];
/** The most tick labels that fit beside each other. */
const MOST_LATENCIES = 4;
/** The most letters of a title that fit beside its row. */
const MOST_LETTERS = 29;
/**
 * Signs of the variants: the naive policy, the standard one, then any others. Each has its own shape as well as its
 * colour.
 */
const SIGNS = [
  { symbol: 'circle', colour: 'var(--second)', fill: 'var(--ground)' },
  { symbol: 'circle', colour: 'var(--first)', fill: 'var(--first)' },
  { symbol: 'diamond', colour: 'var(--ink)', fill: 'var(--ground)' },
  { symbol: 'square', colour: 'var(--ink)', fill: 'var(--ink)' },
  { symbol: 'triangle', colour: 'var(--ink)', fill: 'var(--ground)' },
] as const;

const COLUMNS = [
  { metric: 'success', heading: 'Success', note: 'more is better' },
  { metric: 'p99Ms', heading: 'p99', note: 'log scale; includes failures' },
  { metric: 'amplification', heading: 'Attempts per request', note: 'more than 1: added load' },
] as const;

interface Dot {
  readonly name: string;
  /** In rows from the top; the variants of an experiment are close together. */
  readonly y: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * All experiments in one picture: what callers got while something was broken, and what it cost. Each dot is one
 * variant with its 95 % interval.
 * @param style CSS for a picture in a file of its own
 */
export function overviewPicture(experiments: readonly Overviewed[], style: string): string {
  const names = [...new Set(experiments.flatMap(({ result }) => result.variants.map(({ name }) => name)))];
  const signOf = (name: string) => SIGNS[names.indexOf(name) % SIGNS.length] as (typeof SIGNS)[number];
  const height = TOP + experiments.length * ROW + BOTTOM;
  const room = (WIDTH - LEFT - GAP * COLUMNS.length) / COLUMNS.length;
  const titles = experiments.map(
    ({ result: { experiment } }, row) =>
      `<text x="0" y="${TOP + (row + 0.5) * ROW + 4}">${escape(shortened(experiment.title))}</text>`,
  );
  const columns = COLUMNS.map(({ metric, heading, note }, index) => {
    const left = LEFT + index * (room + GAP);
    const dots = experiments.flatMap((one, row) => dotsOf(one, metric, row));
    const { scale, ticks, text } = axisOf(metric, dots);
    const plot = plotPanel(
      {
        width: WIDTH,
        height: height - TOP,
        marginLeft: left,
        marginRight: WIDTH - left - room,
        marginTop: 0,
        marginBottom: BOTTOM,
        x: { ...scale, axis: null },
        y: { domain: [experiments.length, 0], axis: null },
        marks: [
          Plot.ruleY(
            Array.from({ length: experiments.length + 1 }, (_, row) => row),
            { stroke: 'var(--grid)' },
          ),
          Plot.ruleX(ticks, { stroke: 'var(--grid)' }),
          ...names.flatMap((name) => {
            const { symbol, colour, fill } = signOf(name);
            const of = dots.filter((dot) => dot.name === name);
            return [
              Plot.ruleY(of, { x1: 'low', x2: 'high', y: 'y', stroke: colour, strokeWidth: 2 }),
              Plot.dot(of, { x: 'value', y: 'y', symbol, stroke: colour, strokeWidth: 2, fill, r: 4 }),
            ];
          }),
          Plot.axisX(ticks, { tickSize: 0, label: null, text }),
        ],
      },
      TOP,
    );
    return (
      `<text class="heading" x="${left}" y="${TOP - 22}">${heading}</text>` +
      `<text class="quiet" x="${left}" y="${TOP - 7}">${note}</text>${plot}`
    );
  });
  return pictureElement({
    width: WIDTH,
    height,
    id: 'overview',
    title: OVERVIEW_TITLE,
    description: overviewText(experiments),
    style,
    parts: [key(names, signOf), ...titles, ...columns],
  });
}

const OVERVIEW_TITLE = 'All experiments, in the phase during: what callers got, and what it cost';
/** Alternative text for a page that also has every figure in a table. */
export const OVERVIEW_ALT = `${OVERVIEW_TITLE}. Success, p99 and attempts per request of every variant, with 95 % intervals; the tables below say the same.`;

/** The picture in words. */
function overviewText(experiments: readonly Overviewed[]): string {
  const said = experiments.map(({ result, rows }) => {
    const variants = result.variants.map(({ name }, index) => {
      const figures = COLUMNS.flatMap(({ metric }) => {
        const value = estimateOf(rows, metric, index)?.value;
        return value === undefined ? [] : [formatFigure(metric, value)];
      });
      return `${name} ${figures.join(', ')}`;
    });
    return `${result.experiment.title}: ${variants.join('; ')}.`;
  });
  return [`${OVERVIEW_TITLE}: success, p99, attempts per request.`, ...said].join(' ');
}

function estimateOf(rows: readonly FigureRow[], metric: MetricName, variant: number) {
  return rows.find((row) => row.phase === 'during' && row.metric === metric)?.estimates[variant] ?? undefined;
}

function dotsOf({ result, rows }: Overviewed, metric: MetricName, row: number): Dot[] {
  const { variants } = result;
  return variants.flatMap(({ name }, index) => {
    const estimate = estimateOf(rows, metric, index);
    if (estimate === undefined) return [];
    const { value, interval } = estimate;
    const [low, high] = interval ?? [value, value];
    return [{ name, value, low, high, y: row + 0.5 + (index - (variants.length - 1) / 2) * 0.29 }];
  });
}

function axisOf(metric: (typeof COLUMNS)[number]['metric'], dots: readonly Dot[]) {
  if (metric === 'success') {
    return { scale: { domain: [0, 1] }, ticks: [0, 0.25, 0.5, 0.75, 1], text: (share: number) => `${100 * share} %` };
  }
  const most = Math.max(1, ...dots.map(({ high }) => high));
  if (metric === 'amplification') {
    const step = most > 2 ? Math.ceil(most / 4) : 0.5;
    const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
    return { scale: { domain: [0, most * 1.05] }, ticks, text: (times: number) => `${times}×` };
  }
  // Zero has no place on a log scale.
  const least = Math.min(most, ...dots.map(({ low }) => low).filter((low) => low > 0));
  const domain = [least / 1.3, most * 1.3] as const;
  const ticks = latencyTicks(domain);
  return {
    scale: { type: 'log' as const, domain, clamp: true },
    ticks: ticks.length > MOST_LATENCIES ? ticks.filter((tick) => Number.isInteger(Math.log10(tick))) : ticks,
    text: latencyText,
  };
}

function key(names: readonly string[], signOf: (name: string) => (typeof SIGNS)[number]): string {
  const dots = names.map((name, index) => ({ name, x: 6 + index * 100 }));
  const plot = plotPanel(
    {
      width: WIDTH,
      height: 20,
      margin: 0,
      x: { domain: [0, WIDTH], axis: null },
      marks: dots.map(({ name, x }) => {
        const { symbol, colour, fill } = signOf(name);
        const place = { x: () => x, frameAnchor: 'middle' } as const;
        return Plot.dot([name], { ...place, symbol, stroke: colour, strokeWidth: 2, fill, r: 4 });
      }),
    },
    0,
  );
  const texts = dots.map(({ name, x }) => `<text x="${x + 12}" y="14">${escape(name)}</text>`);
  return `${plot}${texts.join('')}<text class="quiet" x="${WIDTH - GAP}" y="14" text-anchor="end">in the phase during; bar: 95 % interval</text>`;
}

function shortened(title: string): string {
  return title.length <= MOST_LETTERS ? title : `${title.slice(0, MOST_LETTERS - 1).trimEnd()}…`;
}
