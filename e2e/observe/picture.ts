/** The main panels of the dashboards, drawn from what Prometheus answers to their queries. */
import { release, type } from 'node:os';
import { dashboardQueries } from './dashboards.ts';
import type { Prometheus, Series } from './prometheus.ts';

/** From top to bottom: panels by dashboard and title, and how their numbers are written. */
const PANELS: readonly (readonly [panel: string, unit: string])[] = [
  ['Halfopen: system / Offered and goodput', 'requests/s'],
  ['Halfopen: system / Latency', 's'],
  ['Halfopen: one downstream / Calls, attempts, goodput', 'calls/s'],
  ['Halfopen: one downstream / Breaker of each endpoint', '0 closed, 1 half-open, 2 open'],
  ['Halfopen: one downstream / How attempts fail', 'attempts/s'],
  ['Halfopen: one downstream / Refused, by policy', 'calls/s'],
  ['Halfopen: one downstream / Retry budget', 'retries left'],
  ['Halfopen: one downstream / Faults played there', 'faults/s'],
];

/** Pixels. */
const WIDTH = 880;
const PLOT = { left: 60, right: 250, top: 30, height: 80 };
const PANEL_HEIGHT = PLOT.top + PLOT.height + 26;
const TITLE_HEIGHT = 30;

const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#bf8700', '#8250df', '#57606a'];

/** @returns an SVG of what happened from one Unix second to another */
export async function drawOutage(prometheus: Prometheus, instance: string, from: number, to: number): Promise<string> {
  const queries = dashboardQueries({ instance });
  const drawn: string[] = [];
  for (const [panel, unit] of PANELS) {
    const lines: Line[] = [];
    for (const { where, expr, legend } of queries) {
      // The numbers of that name are drawn, not those that stand alone.
      if (!where.startsWith(`${panel} / `) || expr.startsWith('min(')) continue;
      const series = await prometheus.range(expr, from, to);
      lines.push(...series.map((one) => ({ name: nameOf(legend, one), samples: one.samples })));
    }
    const title = panel.slice(panel.indexOf(' / ') + 3);
    drawn.push(drawPanel(`${title} (${unit})`, lines.filter(hasMoved), { from, to }, drawn.length));
  }
  const height = TITLE_HEIGHT + PANELS.length * PANEL_HEIGHT;
  const when = new Date(from * 1_000).toISOString().slice(0, 10);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="20" fill="#1f2328">One outage, as Prometheus answers the queries of the dashboards. ${when}, ${type()} ${release()}</text>
${drawn.join('\n')}
</svg>
`;
}

interface Line {
  readonly name: string;
  readonly samples: Series['samples'];
}

const hasMoved = ({ samples }: Line) => samples.some(([, value]) => Number.isFinite(value) && value !== 0);

function nameOf(legend: string, { metric }: Series): string {
  // The ports of a test are nobody's interest.
  return legend
    .replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) => metric[label] ?? '')
    .replaceAll(/(http:\/\/)?127\.0\.0\.1:\d+/g, (_all, scheme?: string) => (scheme === undefined ? 'edge' : 'greeter'))
    .trim();
}

function drawPanel(title: string, lines: readonly Line[], time: { from: number; to: number }, index: number): string {
  const top = TITLE_HEIGHT + index * PANEL_HEIGHT + PLOT.top;
  const bottom = top + PLOT.height;
  const right = WIDTH - PLOT.right;
  const most = Math.max(...lines.flatMap(({ samples }) => samples.map(([, value]) => value).filter(Number.isFinite)));
  const x = (at: number) => PLOT.left + ((at - time.from) / (time.to - time.from)) * (right - PLOT.left);
  const y = (value: number) => bottom - (value / most) * PLOT.height;
  const seconds = Array.from({ length: Math.floor((time.to - time.from) / 10) + 1 }, (_none, n) => n * 10);
  return [
    `<text x="${PLOT.left}" y="${top - 8}" fill="#1f2328" font-weight="600">${escape(title)}</text>`,
    ...seconds.map(
      (second) =>
        `<path d="M${x(time.from + second).toFixed(1)} ${top}V${bottom}" stroke="#d8dee4"/><text x="${x(time.from + second).toFixed(1)}" y="${bottom + 14}" text-anchor="middle" fill="#57606a" font-size="10">${second} s</text>`,
    ),
    `<path d="M${PLOT.left} ${top}V${bottom}H${right}" fill="none" stroke="#8c959f"/>`,
    `<text x="${PLOT.left - 6}" y="${top + 4}" text-anchor="end" fill="#57606a">${Number(most.toPrecision(3))}</text>`,
    `<text x="${PLOT.left - 6}" y="${bottom + 4}" text-anchor="end" fill="#57606a">0</text>`,
    ...lines.map(({ name, samples }, n) => {
      const colour = COLOURS[n % COLOURS.length] ?? '';
      const points = samples.filter(([, value]) => Number.isFinite(value));
      // Where there is nothing for a while, there is no line.
      const path = points.map(([at, value], i) => {
        const joined = i > 0 && at - (points[i - 1]?.[0] ?? 0) < 2;
        return `${joined ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      });
      return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="1.8"/><text x="${right + 12}" y="${top + 8 + n * 15}" fill="${colour}">${escape(name)}</text>`;
    }),
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
