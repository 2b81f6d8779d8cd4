/** One row of a Markdown table. The cells are plain text and are escaped here. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map(markdownText).join(' | ')} |`;
}

/** Plain text as one line of Markdown: it cannot end a table cell, start a tag or format anything. */
export function markdownText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\|`*_[\]]/g, '\\$&')
    .replace(/</g, '&lt;');
}
