import {
  type LegendEntry,
  latencyText,
  latencyTicks,
  legend,
  pictureElement,
  plotPanel,
} from '@halfopen/figures/pictures';
import { escape } from '@halfopen/figures/text';
import * as Plot from '@observablehq/plot';
import type { ExperimentResult, VariantResult } from '../result/result.ts';
import { breakerBand, shortened } from './breaker-band.ts';
import { asItWas, type Happening, happeningsOf } from './happenings.ts';
import { type ShownTimeline, shownTimeline } from './shown-timeline.ts';
import { summaryOf } from './summary.ts';

export interface PictureOptions {
  /** Pixels. The height follows from the content. */
  readonly width: number;
  /** Prefix that keeps this picture's ids apart from those of others in the same page. */
  readonly id: string;
  /** CSS for a picture in a file of its own. */
  readonly style?: string;
}

/** Room for an endpoint's name of nine letters. */
const LEFT = 72;
/** Room for half of the last label of the time axis. */
const RIGHT = 18;
const HEIGHTS = { requests: 150, latency: 120, attempts: 90, breaker: 22 } as const;

/**
 * What a variant went through, second by second, on one time axis: requests by outcome, latency, attempts beside
 * requests, and the breaker, the last two only where there are any. The scales are common to all variants, so that pictures can be compared. It shows the
 * first run; the figures are from all runs. A run of many minutes is shown in spans of several seconds, and says so.
 */
export function timelinePicture(planned: ExperimentResult, variant: VariantResult, options: PictureOptions): string {
  const { width, id, style } = options;
  const result = asItWas(planned, variant.runs[0]);
  const scales = scalesOf(result);
  const timeline = shownOf(variant, result, scales.endS);
  const { everyS } = timeline;
  const mean = everyS === 1 ? '' : `, mean of every ${everyS} s`;
  const x = { domain: [0, scales.endS] as const, axis: null };
  const shared = { width, marginLeft: LEFT, marginRight: RIGHT, marginTop: 4, marginBottom: 4, x };
  const parts: string[] = [];
  let top = 0;

  const phases = phaseRow(result, width, scales.endS);
  parts.push(phases.svg);
  if (result.simulated) parts.push('<text class="heading" x="0" y="11">simulated</text>');
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
  const above = edges(result);

  const counts = ticksUpTo(scales.requests);
  panel(
    `Requests per second${mean}`,
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
        ...above,
        Plot.line(steps(timeline.offered, everyS), {
          x: 's',
          y: 'value',
          curve: 'step-after',
          stroke: 'var(--ink)',
          strokeWidth: 1.25,
          strokeDasharray: '5 3',
        }),
        Plot.axisY(counts, { tickSize: 0, label: null }),
        ...(timeline.stopped ? [stopMark(timeline.offered.length * everyS, scales.endS)] : []),
      ],
    },
  );

  const latencies = latencyTicks(scales.latencyMs);
  panel(
    `Latency${everyS === 1 ? '' : ` in every ${everyS} s`}, from the scheduled time (log scale)`,
    [
      { text: 'p50', line: 'var(--first)' },
      { text: 'p99', line: 'var(--second)', dash: '2 3' },
    ],
    HEIGHTS.latency,
    {
      y: { type: 'log', domain: scales.latencyMs, axis: null },
      marks: [
        grid(latencies),
        ...behind,
        ...above,
        Plot.line(middles(timeline.p50Ms, everyS), { x: 's', y: 'value', stroke: 'var(--first)', strokeWidth: 2 }),
        Plot.line(middles(timeline.p99Ms, everyS), {
          x: 's',
          y: 'value',
          stroke: 'var(--second)',
          strokeWidth: 2,
          strokeDasharray: '2 3',
        }),
        // As text, because tick formats only label decades on a log scale.
        Plot.axisY(latencies, { tickSize: 0, label: null, text: latencyText }),
      ],
    },
  );

  // Behind a URL nobody can count attempts, and an empty panel would only be in the way.
  if (timeline.attempts.some((count) => count !== null)) {
    const attempts = ticksUpTo(scales.attempts);
    panel(
      `Attempts against requests, per second${mean}`,
      [
        { text: 'attempts', line: 'var(--first)' },
        { text: 'requests', line: 'var(--ink)', dash: '5 3' },
      ],
      HEIGHTS.attempts,
      {
        y: { domain: [0, scales.attempts], axis: null },
        marks: [
          grid(attempts),
          ...behind,
          ...above,
          Plot.line(steps(timeline.attempts, everyS), {
            x: 's',
            y: 'value',
            curve: 'step-after',
            stroke: 'var(--first)',
            strokeWidth: 2.5,
          }),
          // Drawn over the other line: they mostly coincide, and both should be visible.
          Plot.line(steps(timeline.offered, everyS), {
            x: 's',
            y: 'value',
            curve: 'step-after',
            stroke: 'var(--ink)',
            strokeWidth: 1.25,
            strokeDasharray: '5 3',
          }),
          Plot.axisY(attempts, { tickSize: 0, label: null }),
        ],
      },
    );
  }

  const pixelsPerS = (width - LEFT - RIGHT) / scales.endS;
  const states = [
    { text: 'closed', area: 'closed' },
    { text: 'open', area: 'open' },
    { text: 'half-open', area: 'half_open' },
  ];
  const { endpoints } = timeline;
  const band = { id, everyS, pixelsPerS };
  if (endpoints === undefined) {
    if (timeline.breaker.some((state) => state !== null))
      panel('Circuit breaker', states, HEIGHTS.breaker, { marks: breakerBand(timeline.breaker, band) });
  } else {
    const leftOut = { text: 'left out: it fails far more than the others', area: 'left_out' };
    caption('Circuit breaker of each endpoint', [...states, leftOut]);
    for (const endpoint of endpoints) {
      parts.push(
        `<text class="quiet" x="${LEFT - 6}" y="${top + 15}" text-anchor="end">${escape(shortened(endpoint.name))}</text>`,
        plotPanel({ ...shared, height: HEIGHTS.breaker, marks: breakerBand(endpoint.states, band) }, top),
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

  return pictureElement({
    width,
    height: top,
    id,
    title: `${variant.name}${result.simulated ? ' (simulated)' : ''}: ${result.experiment.title}`,
    description: summaryOf(result, variant),
    style,
    parts: [hatches(id), ...parts],
  });
}

interface Scales {
  readonly endS: number;
  readonly requests: number;
  readonly attempts: number;
  readonly latencyMs: readonly [number, number];
}

function shownOf({ runs }: VariantResult, result: ExperimentResult, endS: number): ShownTimeline {
  return shownTimeline(runs[0] as VariantResult['runs'][0], result, endS);
}

function scalesOf(result: ExperimentResult): Scales {
  const { variants, phases } = result;
  const endS = Math.max(
    ...phases.map(({ toS }) => toS),
    ...variants.map(({ runs }) => runs[0]?.timeline.offered.length ?? 0),
  );
  const timelines = variants.map((variant) => shownOf(variant, result, endS));
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const requests = Math.max(1, ...timelines.flatMap(({ offered }) => offered));
  const attempts = Math.max(requests, ...timelines.flatMap((timeline) => known(timeline.attempts)));
  const latencies = timelines
    .flatMap(({ p50Ms, p99Ms }) => [...known(p50Ms), ...known(p99Ms)])
    .filter((value) => value > 0);
  return {
    endS,
    requests: requests * 1.05,
    attempts: attempts * 1.05,
    // Zero has no place on a log scale. Without any latency there is still a scale to draw.
    latencyMs: latencies.length === 0 ? [1, 1000] : [Math.min(1, ...latencies), Math.max(10, ...latencies) * 1.3],
  };
}

/** Faults and load changes that began or ended during the run. */
function eventsOf(result: ExperimentResult): Happening[] {
  return happeningsOf(result).filter(({ throughout }) => !throughout);
}

/** Each event as a shaded span. */
function backdrop(result: ExperimentResult): Plot.Markish[] {
  const events = eventsOf(result);
  return [
    Plot.rectX(events, {
      x1: 'fromS',
      x2: 'toS',
      className: 'fault',
      fill: 'var(--fault)',
    }),
  ];
}

/** The edges of each event, so that even one too short to be shaded shows, and the ends of the phases. */
function edges(result: ExperimentResult): Plot.Markish[] {
  return [
    Plot.ruleX(
      eventsOf(result).flatMap(({ fromS, toS }) => [fromS, toS]),
      { stroke: 'var(--fault)', strokeOpacity: 0.45 },
    ),
    Plot.ruleX(
      result.phases.slice(1).map(({ fromS }) => fromS),
      { stroke: 'var(--quiet)', strokeDasharray: '1 3' },
    ),
  ];
}

/** Where the run was stopped; nothing to the right of it was measured. */
function stopMark(atS: number, endS: number): Plot.Markish {
  return Plot.text(['the run was stopped here'], {
    x: atS,
    frameAnchor: 'middle',
    textAnchor: atS > endS / 2 ? 'end' : 'start',
    dx: atS > endS / 2 ? -8 : 8,
    className: 'on-hatch',
  });
}

/** The names of the phases, and of faults and load changes, above the first panel and over the time they last. */
function phaseRow(result: ExperimentResult, width: number, endS: number): { svg: string; height: number } {
  const at = (second: number) => LEFT + ((width - LEFT - RIGHT) * second) / endS;
  const names = result.phases.map(
    ({ name, fromS, toS }) =>
      `<text class="quiet" x="${at((fromS + toS) / 2).toFixed(1)}" y="11" text-anchor="middle">${name}</text>`,
  );
  /** The right end of what each row already holds. */
  const taken: number[] = [];
  const spans = happeningsOf(result).map(({ label, fromS, toS, throughout }) => {
    const [from, to] = [at(fromS), at(toS)];
    const letters = label.length * 6.2 + 12;
    // A label that does not fit into its span starts at the span, or ends at the picture's right edge.
    const x = letters < to - from ? (from + to) / 2 : Math.min(from, width - RIGHT - letters);
    const anchor = letters < to - from ? 'middle' : 'start';
    // A fault that flaps is one row: a new row only begins where two labels would overlap.
    const [left, right] = [Math.min(from, x), Math.max(to, anchor === 'start' ? x + letters : to)];
    const free = taken.findIndex((end) => end <= left);
    const row = free < 0 ? taken.length : free;
    taken[row] = right;
    const y = 17 + row * 18;
    return (
      `<rect class="${throughout ? 'throughout' : to - from < 3 ? 'fault brief' : 'fault'}" x="${from.toFixed(1)}" y="${y}" width="${Math.max(2, to - from).toFixed(1)}" height="16"/>` +
      `<text x="${(anchor === 'middle' ? x : x + 6).toFixed(1)}" y="${y + 12}" text-anchor="${anchor}">${escape(label)}</text>`
    );
  });
  return { svg: [...names, ...spans].join(''), height: 24 + taken.length * 18 };
}

const STACK = ['success', 'degraded', 'wrong', 'failed'] as const;

function stacked(timeline: ShownTimeline) {
  const base = timeline.offered.map(() => 0);
  return STACK.map((name) => {
    const seconds = timeline[name].map((count, second) => {
      const from = base[second] as number;
      base[second] = from + count;
      return { s: second * timeline.everyS, from, to: from + count };
    });
    const last = seconds.at(-1);
    return { name, bands: last === undefined ? [] : [...seconds, { ...last, s: seconds.length * timeline.everyS }] };
  });
}

/** Each value holds until the next span. */
function steps(values: readonly (number | null)[], everyS: number): { s: number; value: number | null }[] {
  const points = values.map((value, index) => ({ s: index * everyS, value }));
  const last = points.at(-1);
  return last === undefined ? [] : [...points, { ...last, s: values.length * everyS }];
}

/** A quantile belongs to a whole span, so it is drawn in the middle. */
function middles(values: readonly (number | null)[], everyS: number): { s: number; value: number | null }[] {
  return values.map((value, index) => ({ s: (index + 0.5) * everyS, value: value === 0 ? null : value }));
}

function timeAxis(endS: number, width: number): Plot.Markish {
  return Plot.axisX({
    ticks: Math.max(3, Math.min(endS, Math.floor(width / 80))),
    label: 'seconds from the first arrival',
    labelAnchor: 'center',
    labelArrow: 'none',
  });
}

/** Four to seven round values from zero; fewer when there are fewer integers. */
function ticksUpTo(most: number): number[] {
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([5, 2, 1].find((factor) => factor * power <= rough) as number) * power);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

/** Fills of areas. Each colour has a pattern, so that none is identified by colour alone. */
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
    pattern('open', `<path d="M0 1.5H6" stroke="var(--on-open)" stroke-opacity="0.4" fill="none"/>`, 4),
    pattern('left_out', `<path d="M3 0V6" ${stroke}/>`, 6),
    pattern('half_open', `<path d="M0 0L6 6" ${stroke}/>`, 6),
  ].join('')}</defs>`;
}
