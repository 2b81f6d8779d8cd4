/** Text for HTML and SVG, inside of elements and of quoted attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.codePointAt(0)};`);
}
