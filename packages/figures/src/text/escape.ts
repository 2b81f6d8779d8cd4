/** Escapes text for HTML, SVG and XML, inside elements and inside quoted attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.codePointAt(0)};`);
}
