import { escape } from '../text/escape.ts';

/** A page leaves room around a picture; a picture in a file needs its own margin. */
const FILE_MARGIN = 14;

export interface Picture {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Prefix that keeps this picture's ids apart from those of others in the same page. */
  readonly id: string;
  readonly title: string;
  /** The content in words, for readers who cannot see it. */
  readonly description: string;
  /** CSS for a picture in a file of its own; `undefined` in a page that has it. */
  readonly style: string | undefined;
  readonly parts: readonly string[];
}

/** The `<svg>` element around the parts of a picture. */
export function pictureElement({ width, height, id, title, description, style, parts }: Picture): string {
  const margin = style === undefined ? 0 : FILE_MARGIN;
  const [outerWidth, outerHeight] = [width + 2 * margin, height + 2 * margin];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="${-margin} ${-margin} ${outerWidth} ${outerHeight}" width="${outerWidth}" height="${outerHeight}"`,
    ` role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escape(title)}</title>`,
    `<desc id="${id}-desc">${escape(description)}</desc>`,
    style === undefined ? '' : `<style>${style}</style>`,
    ...parts,
    '</svg>',
  ].join('');
}
