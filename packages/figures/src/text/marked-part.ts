/** A part of a Markdown page that a program writes; it lies between two marker lines. */
export interface MarkedPart {
  /** The marker before the part, such as `<!-- results -->`. */
  readonly begin: string;
  /** The marker after the part. */
  readonly end: string;
  /** What belongs between the markers. */
  readonly lines: readonly string[];
}

/**
 * The page with this part written anew; everything outside the markers stays as it is.
 * @throws RangeError when the page lacks one of the markers
 */
export function withMarkedPart(page: string, { begin, end, lines }: MarkedPart): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page needs the lines ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n${lines.join('\n')}\n${page.slice(to)}`;
}
