import { plotPanel, STANDALONE_STYLE } from '@halfopen/figures/pictures';
import { escape } from '@halfopen/figures/text';
import * as Plot from '@observablehq/plot';
import { CONTENDERS } from '../contenders.ts';
import type { Measurements, Rounds } from '../result.ts';
import { median } from './figures.ts';

const WIDTH = 860;
const LEFT = 190;
const ROW = 24;

/** What a hop costs and how long it takes, side by side, with 95 % intervals; follows the reader's light or dark setting. */
export function picture({ cpuUs, latency }: Measurements): string {
  const [atTutorials] = latency;
  const panels = [
    { heading: 'CPU of the edge for each request, µs', rounds: cpuUs, digits: 0 },
    { heading: `p99 at ${atTutorials?.ratePerS} requests a second, ms`, rounds: atTutorials?.p99Ms ?? {}, digits: 1 },
  ];
  let top = 8;
  const parts = panels.flatMap(({ heading, rounds, digits }) => {
    const bars = barsOf(rounds);
    const height = bars.length * ROW + 8;
    const svg = [
      `<text class="heading" x="12" y="${top + 13}">${escape(heading)}</text>`,
      plotPanel(panel(bars, height, digits), top + 20),
    ];
    top += height + 36;
    return svg;
  });
  const description = panels
    .map(({ heading, rounds, digits }) => {
      const bars = barsOf(rounds).map(({ label, value }) => `${label} ${value.toFixed(digits)}`);
      return `${heading}: ${bars.join(', ')}.`;
    })
    .join(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}"`,
    ' role="img" aria-labelledby="title desc">',
    '<title id="title">The same hop, by Halfopen and by others</title>',
    `<desc id="desc">${escape(description)}</desc>`,
    `<style>${STANDALONE_STYLE}</style>`,
    ...parts,
    '</svg>',
  ].join('');
}

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly isOurs: boolean;
}

function barsOf(rounds: Rounds): Bar[] {
  return CONTENDERS.flatMap(({ name, short, variantOf }) => {
    const measured = rounds[name];
    if (measured === undefined) return [];
    const { value, interval } = median(measured);
    const isOurs = name === 'ours' || variantOf === 'ours';
    return [{ label: short, value, low: interval?.[0], high: interval?.[1], isOurs }];
  });
}

function panel(bars: readonly Bar[], height: number, digits: number): Plot.PlotOptions {
  const certain = bars.filter(({ low }) => low !== undefined);
  return {
    width: WIDTH,
    height,
    marginLeft: LEFT,
    marginRight: 60,
    marginTop: 2,
    marginBottom: 4,
    x: { domain: [0, Math.max(...bars.map(({ value, high }) => high ?? value))], axis: null },
    y: { domain: bars.map(({ label }) => label), axis: null, padding: 0.25 },
    marks: [
      Plot.barX(bars, {
        x: 'value',
        y: 'label',
        fill: ({ isOurs }: Bar) => (isOurs ? 'var(--first)' : 'var(--quiet)'),
        fillOpacity: 0.75,
      }),
      Plot.ruleY(certain, { x1: 'low', x2: 'high', y: 'label', stroke: 'var(--ink)', strokeWidth: 1.5 }),
      Plot.text(bars, {
        x: ({ value, high }: Bar) => Math.max(value, high ?? 0),
        y: 'label',
        text: ({ value }: Bar) => value.toFixed(digits),
        textAnchor: 'start',
        dx: 6,
      }),
      Plot.axisY({ tickSize: 0, label: null }),
    ],
  };
}
