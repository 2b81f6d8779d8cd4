export { latencyText, latencyTicks } from './latency-scale.ts';
export { type LegendEntry, legend } from './legend.ts';
export { pictureElement } from './picture-element.ts';
export { plotPanel } from './plot-panel.ts';
export { DARK, LIGHT, PICTURE_STYLE, STANDALONE_STYLE } from './theme.ts';
