import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Plot draws into a document; this one replaces a browser's. */
const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** Draws a plot as an `<svg>` element that can be placed inside another one, `top` pixels below its upper edge. */
export function plotPanel(options: Plot.PlotOptions, top: number): string {
  const svg = Plot.plot({ ...options, document, className: 'panel' }) as unknown as PlotElement;
  // Plot's own style assumes that it is alone in the page.
  svg.querySelector('style')?.remove();
  svg.setAttribute('y', String(top));
  // The picture sets the font, and describes itself in its title and description.
  for (const name of ['font-family', 'font-size', 'class']) svg.removeAttribute(name);
  svg.setAttribute('font-size', '12');
  svg.setAttribute('aria-hidden', 'true');
  return svg.outerHTML;
}

/** The part of the DOM that is needed here: this workspace is type-checked without a browser's types. */
interface PlotElement {
  readonly outerHTML: string;
  querySelector(selector: string): { remove(): void } | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}
