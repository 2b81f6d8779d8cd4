import { escape } from '../text/escape.ts';

/** An entry of a legend: the pattern of an area, a line, or only text. */
export interface LegendEntry {
  readonly text: string;
  readonly area?: string;
  readonly line?: string;
  readonly dash?: string;
}

/** The entries in a row, wrapped to the width. */
export function legend(
  entries: readonly LegendEntry[],
  { id, width, top }: { readonly id: string; readonly width: number; readonly top: number },
): { readonly svg: string; readonly height: number } {
  let [x, y] = [0, top];
  const parts = entries.map(({ text, area, line, dash }) => {
    const sign = area === undefined && line === undefined ? 0 : 24;
    // Text is not measured here; 6.4 px per letter is slightly more than a system font needs at 12 px.
    const needed = sign + text.length * 6.4 + 16;
    if (x > 0 && x + needed > width) [x, y] = [0, y + 18];
    const at = x;
    x += needed;
    const drawn =
      area !== undefined
        ? `<rect x="${at}" y="${y + 2}" width="18" height="11" fill="url(#${id}-${area})" stroke="var(--quiet)" stroke-width="0.5"/>`
        : line !== undefined
          ? `<path d="M${at} ${y + 7.5}h20" stroke="${line}" stroke-width="2" ${dash === undefined ? '' : `stroke-dasharray="${dash}"`} fill="none"/>`
          : '';
    return `${drawn}<text class="quiet" x="${(at + sign).toFixed(1)}" y="${y + 12}">${escape(text)}</text>`;
  });
  return { svg: parts.join(''), height: y - top + 18 };
}
