import * as Plot from '@observablehq/plot';
import { ENDPOINT_STATES, type EndpointState } from '../result/result.ts';

/** The most letters that fit beside a row. */
const MOST_LETTERS = 9;
/** Class of the lettering on each state, so that letters stay readable on a pattern. */
const LETTERING: Readonly<Record<EndpointState, string>> = {
  closed: 'state',
  open: 'on-open',
  half_open: 'on-hatch',
  left_out: 'on-hatch',
};

/** A name that fits beside a row. */
export function shortened(name: string): string {
  return name.length <= MOST_LETTERS ? name : `…${name.slice(1 - MOST_LETTERS)}`;
}

/**
 * The states of a breaker over time, as spans that are labelled where there is room.
 * @param states one every `everyS` seconds
 */
export function breakerBand(
  states: readonly (EndpointState | null)[],
  { id, everyS, pixelsPerS }: { readonly id: string; readonly everyS: number; readonly pixelsPerS: number },
): Plot.Markish[] {
  const spans: { state: EndpointState; fromS: number; toS: number }[] = [];
  for (const [index, state] of states.entries()) {
    const [last, fromS] = [spans.at(-1), index * everyS];
    if (state === null) continue;
    if (last?.state === state && last.toS === fromS) last.toS = fromS + everyS;
    else spans.push({ state, fromS, toS: fromS + everyS });
  }
  const named = spans.filter(({ state, fromS, toS }) => (toS - fromS) * pixelsPerS > state.length * 7 + 6);
  return [
    ...ENDPOINT_STATES.map((state) =>
      Plot.rectX(
        spans.filter((span) => span.state === state),
        { x1: 'fromS', x2: 'toS', fill: `url(#${id}-${state})`, stroke: 'var(--quiet)', strokeWidth: 0.5 },
      ),
    ),
    ...[...Map.groupBy(named, ({ state }) => LETTERING[state])].map(([className, of]) =>
      Plot.text(of, {
        x: ({ fromS, toS }: { fromS: number; toS: number }) => (fromS + toS) / 2,
        text: ({ state }: { state: EndpointState }) => state.replace('_', state === 'left_out' ? ' ' : '-'),
        frameAnchor: 'middle',
        className,
      }),
    ),
  ];
}
