import { legend, pictureElement } from '@halfopen/figures/pictures';
import { escape } from '@halfopen/figures/text';
import { STACKS } from './stacks.ts';
import { type Column, SEEDS, type Survey, TRIGGERS_S, WORLD } from './survey.ts';

/** Pixels. */
const [WIDTH, LEFT, GAP, PLOT, TOP, BOTTOM] = [860, 64, 18, 250, 116, 62];
const ROOM = (WIDTH - LEFT - GAP * (STACKS.length - 1)) / STACKS.length;

/**
 * `stable`: it recovers, and would from every longer trigger that was tried. `vulnerable`: it recovers, but a longer trigger would end it.
 * `metastable`: the trigger is over, and it does not recover (N. Bronson et al., HotOS 2021).
 */
export type State = 'stable' | 'vulnerable' | 'metastable';

/** In this order from the shortest trigger to the longest. */
export function statesOf({
  segments,
}: Column): { readonly fromS: number; readonly toS: number; readonly state: State }[] {
  return segments.map(({ fromS, toS, recovers }, index) => {
    const endsWorse = segments.slice(index + 1).some((later) => !later.recovers);
    return { fromS, toS, state: recovers ? (endsWorse ? 'vulnerable' : 'stable') : 'metastable' };
  });
}

/** One panel for each stack, all with the same axes. @param style CSS for a picture in a file of its own */
export function mapPicture(
  surveys: readonly Survey[],
  { id, style }: { readonly id: string; readonly style: string },
): string {
  const key = legend(
    [
      { text: `stable: back within ${WORLD.recoverWithinMs / 1_000} s`, area: 'stable' },
      { text: 'vulnerable: back, but not after a longer standstill', area: 'vulnerable' },
      { text: `metastable: still failing after ${WORLD.recoverWithinMs / 1_000} s`, area: 'metastable' },
    ],
    { id, width: WIDTH, top: 42 },
  );
  const panels = surveys.map((survey, index) => panelOf(survey, LEFT + index * (ROOM + GAP), id, index === 0));
  const { workers, serviceMs, capacityPerS, maxQueued } = WORLD;
  const said = [
    `Simulated: one server with ${workers} workers, ${serviceMs} ms each on average (${capacityPerS} requests a second), a queue of ${maxQueued}, which finishes abandoned work.`,
    `It stands still for a while under a steady load. One of ${SEEDS.length} seeds that does not recover makes a point metastable; boundaries by bisection.`,
  ];
  return pictureElement({
    width: WIDTH,
    height: TOP + PLOT + BOTTOM,
    id,
    title: 'Where a short standstill becomes a lasting failure',
    description: [...said, ...surveys.map(inWords)].join(' '),
    style,
    parts: [
      patterns(id),
      ...said.map((text, line) => `<text class="quiet" x="0" y="${12 + line * 16}">${escape(text)}</text>`),
      key.svg,
      `<text class="quiet" x="14" y="${TOP + PLOT / 2}" text-anchor="middle" transform="rotate(-90 14 ${TOP + PLOT / 2})">standstill of the server, seconds (log scale)</text>`,
      ...panels,
      `<text class="quiet" x="${LEFT + (WIDTH - LEFT) / 2}" y="${TOP + PLOT + 42}" text-anchor="middle">load, % of what the server can serve</text>`,
    ],
  });
}

const LOG = { from: Math.log(TRIGGERS_S[0]), to: Math.log(TRIGGERS_S.at(-1) ?? 1) };
const yOf = (seconds: number) => TOP + PLOT * (1 - (Math.log(seconds) - LOG.from) / (LOG.to - LOG.from));

function panelOf({ stack, columns }: Survey, left: number, id: string, isFirst: boolean): string {
  const { title = stack, note = '' } = STACKS.find((one) => one.id === stack) ?? {};
  const [least, most] = [edgeBefore(columns, 0), edgeBefore(columns, columns.length)];
  const xOf = (load: number) => left + (ROOM * (load - least)) / (most - least);
  const cells = columns.flatMap((column, index) => {
    const [from, to] = [xOf(edgeBefore(columns, index)), xOf(edgeBefore(columns, index + 1))];
    return statesOf(column).map(
      ({ fromS, toS, state }) =>
        `<rect x="${from.toFixed(1)}" y="${yOf(toS).toFixed(1)}" width="${(to - from).toFixed(1)}" height="${(yOf(fromS) - yOf(toS)).toFixed(1)}" fill="url(#${id}-${state})"/>`,
    );
  });
  const seconds = TRIGGERS_S.map(
    (tick) =>
      `<path d="M${left} ${yOf(tick).toFixed(1)}h-4" stroke="var(--quiet)"/>${isFirst ? `<text x="${left - 8}" y="${(yOf(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>` : ''}`,
  );
  const loads = columns
    .filter(({ load }) => Number((load * 10).toFixed(6)) % 2 === 0)
    .map(
      ({ load }) =>
        `<path d="M${xOf(load).toFixed(1)} ${TOP + PLOT}v4" stroke="var(--quiet)"/><text x="${xOf(load).toFixed(1)}" y="${TOP + PLOT + 18}" text-anchor="middle">${Math.round(load * 100)}</text>`,
    );
  return [
    `<text class="heading" x="${left}" y="${TOP - 24}">${escape(title)}</text>`,
    `<text class="quiet" x="${left}" y="${TOP - 8}">${escape(note)}</text>`,
    `<g shape-rendering="crispEdges">${cells.join('')}</g>`,
    `<rect x="${left}" y="${TOP}" width="${ROOM.toFixed(1)}" height="${PLOT}" fill="none" stroke="var(--quiet)"/>`,
    ...seconds,
    ...loads,
  ].join('');
}

/** Columns touch in the middle between their loads. */
function edgeBefore(columns: readonly Column[], index: number): number {
  const [before, after] = [columns[index - 1]?.load, columns[index]?.load];
  if (before !== undefined && after !== undefined) return (before + after) / 2;
  if (after !== undefined) return after - ((columns[index + 1]?.load ?? after) - after) / 2;
  const last = before ?? 0;
  return last + (last - (columns[index - 2]?.load ?? last)) / 2;
}

/** `Retries without a budget: from 40 % load on, a standstill of 0.7 s can last.` */
function inWords({ stack, columns }: Survey): string {
  const title = STACKS.find(({ id }) => id === stack)?.title ?? stack;
  const lasting = columns.flatMap((column) => {
    const [first] = column.segments.filter(({ recovers }) => !recovers);
    return first === undefined ? [] : [`${Math.round(column.load * 100)} %: ${first.fromS} s`];
  });
  return lasting.length === 0
    ? `${title}: recovers from every standstill, at every load.`
    : `${title}: the shortest standstill that it does not recover from, by load: ${lasting.join(', ')}.`;
}

/** Each state has a pattern, so that none is known by its colour alone. */
function patterns(id: string): string {
  const stroke = 'stroke="var(--hatch)" stroke-opacity="0.75" fill="none"';
  const pattern = (state: State, colour: string, drawing: string) =>
    `<pattern id="${id}-${state}" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="var(--${colour})"/>${drawing}</pattern>`;
  return `<defs>${[
    pattern('stable', 'success', ''),
    pattern('vulnerable', 'half-open', '<circle cx="3" cy="3" r="1.2" fill="var(--quiet)" fill-opacity="0.6"/>'),
    pattern('metastable', 'failed', `<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" ${stroke} stroke-width="1.4"/>`),
  ].join('')}</defs>`;
}
