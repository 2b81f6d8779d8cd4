/** The few kinds of panels that the dashboards are made of. */

/** Whatever Prometheus the dashboard's own variable says. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

interface Query {
  readonly expr: string;
  /** What one line is called: `{{label}}` stands for the label's value. */
  readonly legend: string;
}

/** From the value on, the colour. */
export type Step = readonly [from: number | null, colour: string];

export interface PanelOptions {
  readonly title: string;
  /** The question that the panel answers, and what to make of the answer. */
  readonly description: string;
  /** Grafana's name of it: `reqps`, `s`, `percentunit`, … */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly steps?: readonly Step[];
  readonly min?: number;
  readonly max?: number;
}

/** A panel that has no place yet. */
export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly [member: string]: unknown;
}

const PLAIN: readonly Step[] = [[null, 'text']];

/** One number, coloured by its thresholds, above its own recent past. */
export function stat(options: PanelOptions & { readonly mappings?: readonly object[] }): Panel {
  return {
    ...common('stat', options),
    fieldConfig: {
      defaults: { ...values(options), color: { mode: 'thresholds' }, mappings: options.mappings ?? [] },
      overrides: [],
    },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'background',
      graphMode: 'area',
      justifyMode: 'auto',
      orientation: 'auto',
      textMode: 'auto',
      wideLayout: true,
    },
  };
}

/** Lines over time. Thresholds, if any, are lines of their own. */
export function lines(options: PanelOptions & { readonly stacked?: boolean }): Panel {
  return {
    ...common('timeseries', options),
    fieldConfig: {
      defaults: {
        ...values({ min: 0, ...options }),
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: options.stacked === true ? 40 : 8,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: options.stacked === true ? 'normal' : 'none', group: 'A' },
          thresholdsStyle: { mode: options.steps === undefined ? 'off' : 'line' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

/** A band for each series, coloured by what it is at the moment. */
export function band(options: PanelOptions & { readonly mappings: readonly object[] }): Panel {
  return {
    ...common('state-timeline', options),
    fieldConfig: {
      defaults: {
        ...values(options),
        color: { mode: 'thresholds' },
        mappings: options.mappings,
        custom: { lineWidth: 0, fillOpacity: 80 },
      },
      overrides: [],
    },
    options: {
      mergeValues: true,
      showValue: 'auto',
      alignValue: 'left',
      rowHeight: 0.9,
      legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    },
  };
}

/** What a number is called, and its colour: `[0, 'closed', 'green']`. */
export function named(...names: readonly (readonly [value: number, text: string, color: string])[]): readonly object[] {
  const options = names.map(([value, text, color], index) => [String(value), { text, color, index }]);
  return [{ type: 'value', options: Object.fromEntries(options) }];
}

function common(type: string, { title, description, queries }: PanelOptions): Panel {
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}

function values({ unit, min, max, steps = PLAIN }: Pick<PanelOptions, 'unit' | 'min' | 'max' | 'steps'>) {
  return {
    unit,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    thresholds: { mode: 'absolute', steps: steps.map(([value, color]) => ({ value, color })) },
  };
}
