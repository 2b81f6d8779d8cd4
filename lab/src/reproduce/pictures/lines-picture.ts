import { legend, pictureElement, plotPanel, STANDALONE_STYLE } from '@halfopen/figures/pictures';
import { escape } from '@halfopen/figures/text';
import * as Plot from '@observablehq/plot';

interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** A CSS variable of the theme. */
  readonly colour: string;
  /** Pattern of the line. Default: not interrupted. */
  readonly dash?: string;
  /** Draws signs instead of a line. */
  readonly dots?: 'circle' | 'square';
}

interface Axis {
  readonly label: string;
  /** Default: what the series need. */
  readonly domain?: readonly [number, number];
  readonly ticks?: readonly number[];
  readonly format?: (value: number) => string;
}

export interface LinesPictureOptions {
  /** Prefix of the picture's ids. */
  readonly id: string;
  readonly title: string;
  /** The content in words, for readers who cannot see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** A span of the x axis in which something is wrong. */
  readonly trouble?: { readonly from: number; readonly to: number; readonly label: string };
}

/** Pixels. */
const [WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM] = [720, 260, 48, 24, 42];

/** Lines over one axis, for a file of its own: it follows the reader's light or dark setting. */
export function linesPicture({ id, title, description, x, y, series, trouble }: LinesPictureOptions): string {
  const xs = series.flatMap(({ points }) => points.map((point) => point.x));
  const xDomain = x.domain ?? [Math.min(...xs), Math.max(...xs)];
  const yDomain = y.domain ?? [0, Math.max(...series.flatMap(({ points }) => points.map((point) => point.y)))];
  // A sign in the legend for what is drawn as signs: a short line would say that there is a line.
  const key = legend(
    series.map(({ name, colour, dash, dots }) =>
      dots === undefined
        ? { text: name, line: colour, ...(dash === undefined ? {} : { dash }) }
        : { text: `${dots === 'circle' ? '○' : '□'} ${name}` },
    ),
    { id, width: WIDTH, top: 20 },
  );
  const top = 28 + key.height;
  const plot = plotPanel(
    {
      width: WIDTH,
      height: HEIGHT,
      marginLeft: LEFT,
      marginRight: RIGHT,
      marginTop: 18,
      marginBottom: BOTTOM,
      x: { domain: xDomain, axis: null },
      y: { domain: yDomain, axis: null },
      marks: [
        Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ...ticksOf(y) }),
        ...(trouble === undefined
          ? []
          : [
              Plot.rect([trouble], {
                x1: 'from',
                x2: 'to',
                y1: () => yDomain[0],
                y2: () => yDomain[1],
                className: 'fault',
                // Without it, Plot writes a colour of its own beside that of the class.
                fill: 'var(--fault)',
              }),
              Plot.text([trouble], {
                x: (span: { readonly from: number; readonly to: number }) => (span.from + span.to) / 2,
                y: () => yDomain[1],
                text: 'label',
                dy: -9,
                fill: 'var(--quiet)',
              }),
            ]),
        ...series.map(({ points, colour, dash, dots }) =>
          dots === undefined
            ? Plot.line(points, {
                x: 'x',
                y: 'y',
                stroke: colour,
                strokeWidth: 2,
                ...(dash === undefined ? {} : { strokeDasharray: dash }),
              })
            : Plot.dot(points, {
                x: 'x',
                y: 'y',
                symbol: dots,
                stroke: colour,
                strokeWidth: 2,
                fill: 'var(--ground)',
                r: 5,
              }),
        ),
        Plot.axisX({ tickSize: 4, label: x.label, labelArrow: 'none', labelAnchor: 'center', ...ticksOf(x) }),
        Plot.axisY({ tickSize: 0, label: null, ...ticksOf(y) }),
      ],
    },
    top,
  );
  return `${pictureElement({
    width: WIDTH,
    height: top + HEIGHT,
    id,
    title,
    description,
    style: STANDALONE_STYLE,
    parts: [`<text class="heading" x="0" y="12">${escape(y.label)}</text>`, key.svg, plot],
  })}\n`;
}

function ticksOf({ ticks, format }: Axis) {
  return {
    ...(ticks === undefined ? {} : { ticks }),
    ...(format === undefined ? {} : { tickFormat: format }),
  };
}
