import * as Plot from '@observablehq/plot';
import type { ExperimentResult, Timeline, VariantResult } from '../result.ts';
import { breakerBand, shortened } from './breaker-band.ts';
import { escape } from './escape.ts';
import { happeningsOf } from './happenings.ts';
import { type LegendEntry, legend } from './legend.ts';
import { plotPanel } from './plot-panel.ts';
import { summaryOf } from './summary.ts';

export interface PictureOptions {
  /** Pixels. The height follows from what there is to say. */
  readonly width: number;
  /** Sets the picture's names apart from those of another one in the same page. */
  readonly id: string;
  /** CSS inside of the picture, for a file of its own. */
  readonly style?: string;
}

/** Holds the name of an endpoint, of nine letters. */
const LEFT = 72;
const RIGHT = 10;
const FILE_MARGIN = 14;
const HEIGHTS = { requests: 150, latency: 120, attempts: 90, breaker: 22 } as const;

/**
 * What a variant went through, second by second, on one time axis: requests by outcome, latency, attempts against requests, the
 * breaker. The scales are those of all variants, so that one picture can be held against the other. It shows the first run;
 * the figures are of all.
 */
export function timelinePicture(result: ExperimentResult, variant: VariantResult, options: PictureOptions): string {
  const { width, id, style } = options;
  const timeline = (variant.runs[0] as VariantResult['runs'][0]).timeline;
  const scales = scalesOf(result);
  const x = { domain: [0, scales.endS] as const, axis: null };
  const shared = { width, marginLeft: LEFT, marginRight: RIGHT, marginTop: 4, marginBottom: 4, x };
  const parts: string[] = [];
  let top = 0;

  const phases = phaseRow(result, width, scales.endS);
  parts.push(phases.svg);
  top += phases.height;

  const caption = (heading: string, entries: readonly LegendEntry[]) => {
    parts.push(`<text class="heading" x="0" y="${top + 13}">${escape(heading)}</text>`);
    const key = legend(entries, { id, width, top: top + 18 });
    parts.push(key.svg);
    top += 20 + key.height;
  };
  const panel = (heading: string, entries: readonly LegendEntry[], height: number, plot: Plot.PlotOptions) => {
    caption(heading, entries);
    parts.push(plotPanel({ ...shared, height, ...plot }, top));
    top += height + 10;
  };
  const grid = (values: readonly number[]) => Plot.gridY(values, { stroke: 'var(--grid)', strokeOpacity: 1 });
  const behind = backdrop(result);

  const counts = ticksUpTo(scales.requests);
  panel(
    'Requests per second',
    [
      { text: 'success', area: 'success' },
      { text: 'degraded', area: 'degraded' },
      { text: 'wrong', area: 'wrong' },
      { text: 'failed', area: 'failed' },
      { text: 'offered', line: 'var(--ink)', dash: '5 3' },
    ],
    HEIGHTS.requests,
    {
      y: { domain: [0, scales.requests], axis: null },
      marks: [
        grid(counts),
        ...behind,
        stacked(timeline).map(({ name, bands }) =>
          Plot.areaY(bands, { x: 's', y1: 'from', y2: 'to', curve: 'step-after', fill: `url(#${id}-${name})` }),
        ),
        Plot.line(steps(timeline.offered), {
          x: 's',
          y: 'value',
          curve: 'step-after',
          stroke: 'var(--ink)',
          strokeWidth: 1.25,
          strokeDasharray: '5 3',
        }),
        Plot.axisY(counts, { tickSize: 0, label: null }),
      ],
    },
  );

  const decades = decadesWithin(scales.latencyMs);
  panel(
    'Latency, from the scheduled time (log scale)',
    [
      { text: 'p50', line: 'var(--first)' },
      { text: 'p99', line: 'var(--second)', dash: '2 3' },
    ],
    HEIGHTS.latency,
    {
      y: { type: 'log', domain: scales.latencyMs, axis: null },
      marks: [
        grid(decades),
        ...behind,
        Plot.line(middles(timeline.p50Ms), { x: 's', y: 'value', stroke: 'var(--first)', strokeWidth: 2 }),
        Plot.line(middles(timeline.p99Ms), {
          x: 's',
          y: 'value',
          stroke: 'var(--second)',
          strokeWidth: 2,
          strokeDasharray: '2 3',
        }),
        Plot.axisY(decades, { tickSize: 0, label: null, tickFormat: latencyText }),
      ],
    },
  );

  const attempts = ticksUpTo(scales.attempts);
  panel(
    'Attempts against requests, per second',
    [
      { text: 'attempts', line: 'var(--first)' },
      { text: 'requests', line: 'var(--ink)', dash: '5 3' },
      ...(timeline.attempts.every((count) => count === null) ? [{ text: 'attempts could not be counted' }] : []),
    ],
    HEIGHTS.attempts,
    {
      y: { domain: [0, scales.attempts], axis: null },
      marks: [
        grid(attempts),
        ...behind,
        Plot.line(steps(timeline.offered), {
          x: 's',
          y: 'value',
          curve: 'step-after',
          stroke: 'var(--ink)',
          strokeWidth: 1.25,
          strokeDasharray: '5 3',
        }),
        Plot.line(steps(timeline.attempts), {
          x: 's',
          y: 'value',
          curve: 'step-after',
          stroke: 'var(--first)',
          strokeWidth: 2,
        }),
        Plot.axisY(attempts, { tickSize: 0, label: null }),
      ],
    },
  );

  const pixelsPerS = (width - LEFT - RIGHT) / scales.endS;
  const states = [
    { text: 'closed', area: 'closed' },
    { text: 'open', area: 'open' },
    { text: 'half-open', area: 'half_open' },
  ];
  const { endpoints } = timeline;
  if (endpoints === undefined) {
    const none = timeline.breaker.every((state) => state === null);
    panel('Circuit breaker', none ? [{ text: 'this variant has none' }] : states, HEIGHTS.breaker, {
      marks: breakerBand(timeline.breaker, id, pixelsPerS),
    });
  } else {
    const leftOut = { text: 'left out: it fails far more than the others', area: 'left_out' };
    caption('Circuit breaker of each endpoint', [...states, leftOut]);
    for (const endpoint of endpoints) {
      parts.push(
        `<text class="quiet" x="${LEFT - 6}" y="${top + 15}" text-anchor="end">${escape(shortened(endpoint.name))}</text>`,
        plotPanel({ ...shared, height: HEIGHTS.breaker, marks: breakerBand(endpoint.states, id, pixelsPerS) }, top),
      );
      top += HEIGHTS.breaker;
    }
    top += 10;
  }

  top -= 8;
  parts.push(
    plotPanel({ ...shared, height: 40, marginTop: 0, marginBottom: 36, marks: [timeAxis(scales.endS, width)] }, top),
  );
  top += 40;

  const title = `${variant.name}: ${result.experiment.title}`;
  // A page leaves room around it; a file brings its own ground along, and must not write on its very edge.
  const margin = style === undefined ? 0 : FILE_MARGIN;
  const [outerWidth, outerHeight] = [width + 2 * margin, top + 2 * margin];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="${-margin} ${-margin} ${outerWidth} ${outerHeight}" width="${outerWidth}" height="${outerHeight}"`,
    ` role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escape(title)}</title>`,
    `<desc id="${id}-desc">${escape(summaryOf(result, variant))}</desc>`,
    style === undefined ? '' : `<style>${style}</style>`,
    hatches(id),
    ...parts,
    '</svg>',
  ].join('');
}

interface Scales {
  readonly endS: number;
  readonly requests: number;
  readonly attempts: number;
  readonly latencyMs: readonly [number, number];
}

function scalesOf({ variants, phases }: ExperimentResult): Scales {
  const timelines = variants.map(({ runs }) => (runs[0] as VariantResult['runs'][0]).timeline);
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const requests = Math.max(1, ...timelines.flatMap(({ offered }) => offered));
  const attempts = Math.max(requests, ...timelines.flatMap((timeline) => known(timeline.attempts)));
  const latencies = timelines
    .flatMap(({ p50Ms, p99Ms }) => [...known(p50Ms), ...known(p99Ms)])
    .filter((value) => value > 0);
  const endS = Math.max(...phases.map(({ toS }) => toS), ...timelines.map(({ offered }) => offered.length));
  return {
    endS,
    requests: requests * 1.05,
    attempts: attempts * 1.05,
    // A nought has no place on a log scale; without any latency there is still a scale to draw.
    latencyMs: latencies.length === 0 ? [1, 1000] : [Math.min(1, ...latencies), Math.max(10, ...latencies) * 1.3],
  };
}

/** Each event as a shaded span, and where a phase ends. */
function backdrop(result: ExperimentResult): Plot.Markish[] {
  const events = happeningsOf(result).filter(({ throughout }) => !throughout);
  return [
    Plot.rectX(events, {
      x1: 'fromS',
      x2: 'toS',
      className: 'fault',
      fill: 'var(--fault)',
    }),
    Plot.ruleX(
      result.phases.slice(1).map(({ fromS }) => fromS),
      { stroke: 'var(--quiet)', strokeDasharray: '1 3' },
    ),
  ];
}

/** Names of the phases, and of what was done to the system, above the first panel, over the time they last. */
function phaseRow(result: ExperimentResult, width: number, endS: number): { svg: string; height: number } {
  const at = (second: number) => LEFT + ((width - LEFT - RIGHT) * second) / endS;
  const names = result.phases.map(
    ({ name, fromS, toS }) =>
      `<text class="quiet" x="${at((fromS + toS) / 2).toFixed(1)}" y="11" text-anchor="middle">${name}</text>`,
  );
  /** Up to where each row is taken. */
  const taken: number[] = [];
  const spans = happeningsOf(result).map(({ label, fromS, toS, throughout }) => {
    const [from, to] = [at(fromS), at(toS)];
    const letters = label.length * 6.2 + 12;
    // A label that has no room in its span begins there, or ends at the picture's right edge.
    const x = letters < to - from ? (from + to) / 2 : Math.min(from, width - RIGHT - letters);
    const anchor = letters < to - from ? 'middle' : 'start';
    // What flaps is one row, not one a time: a new row begins only where two would cover each other.
    const [left, right] = [Math.min(from, x), Math.max(to, anchor === 'start' ? x + letters : to)];
    const free = taken.findIndex((end) => end <= left);
    const row = free < 0 ? taken.length : free;
    taken[row] = right;
    const y = 17 + row * 18;
    return (
      `<rect class="${throughout ? 'throughout' : 'fault'}" x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="16"/>` +
      `<text x="${(anchor === 'middle' ? x : x + 6).toFixed(1)}" y="${y + 12}" text-anchor="${anchor}">${escape(label)}</text>`
    );
  });
  return { svg: [...names, ...spans].join(''), height: 24 + taken.length * 18 };
}

const STACK = ['success', 'degraded', 'wrong', 'failed'] as const;

function stacked(timeline: Timeline) {
  const base = timeline.offered.map(() => 0);
  return STACK.map((name) => {
    const seconds = timeline[name].map((count, second) => {
      const from = base[second] as number;
      base[second] = from + count;
      return { s: second, from, to: from + count };
    });
    const last = seconds.at(-1);
    return { name, bands: last === undefined ? [] : [...seconds, { ...last, s: seconds.length }] };
  });
}

/** A value holds from its second to the next. */
function steps(values: readonly (number | null)[]): { s: number; value: number | null }[] {
  const points = values.map((value, second) => ({ s: second, value }));
  const last = points.at(-1);
  return last === undefined ? [] : [...points, { ...last, s: values.length }];
}

/** A quantile is of a whole second: it stands in its middle. */
function middles(values: readonly (number | null)[]): { s: number; value: number | null }[] {
  return values.map((value, second) => ({ s: second + 0.5, value: value === 0 ? null : value }));
}

function timeAxis(endS: number, width: number): Plot.Markish {
  return Plot.axisX({
    ticks: Math.max(3, Math.min(endS, Math.floor(width / 80))),
    label: 'seconds from the first arrival',
    labelAnchor: 'center',
    labelArrow: 'none',
  });
}

/** Three to five round values from nought. */
function ticksUpTo(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) as number) * power);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

function decadesWithin([low, high]: readonly [number, number]): number[] {
  const decades: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) decades.push(10 ** power);
  return decades;
}

function latencyText(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(3))} ms`;
}

/** What fills an area: a colour with a pattern, so that none is told by its colour alone. */
function hatches(id: string): string {
  const pattern = (name: string, drawing: string, size: number) =>
    `<pattern id="${id}-${name}" width="${size}" height="${size}" patternUnits="userSpaceOnUse">` +
    `<rect width="${size}" height="${size}" fill="var(--${name.replace('_', '-')})"/>${drawing}</pattern>`;
  const stroke = 'stroke="var(--hatch)" stroke-opacity="0.75" fill="none"';
  return `<defs>${[
    pattern('success', '', 8),
    pattern('degraded', '<circle cx="2.5" cy="2.5" r="1.1" fill="var(--hatch)" fill-opacity="0.9"/>', 6),
    pattern('wrong', `<path d="M0 3.5H7M3.5 0V7" ${stroke}/>`, 7),
    pattern('failed', `<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" ${stroke} stroke-width="1.4"/>`, 8),
    pattern('closed', '', 8),
    pattern('open', '', 8),
    pattern('left_out', `<path d="M3 0V6" ${stroke}/>`, 6),
    pattern('half_open', `<path d="M0 0L6 6" ${stroke}/>`, 6),
  ].join('')}</defs>`;
}
