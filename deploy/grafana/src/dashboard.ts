import { DATASOURCE, type Panel } from './panels.ts';

/** Grafana's grid is so many columns wide. */
const COLUMNS = 24;

interface Row {
  /** Left out for the first row: what is looked at first needs no heading. */
  readonly title?: string;
  readonly height: number;
  /** Share the row's width. */
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly object[];
  readonly rows: readonly Row[];
}

/** A dashboard as Grafana's provisioning reads it. */
export function dashboard({ uid, title, description, variables, rows }: Dashboard): object {
  const placed: object[] = [];
  let y = 0;
  for (const row of rows) {
    if (row.title !== undefined) {
      placed.push({
        id: placed.length + 1,
        type: 'row',
        title: row.title,
        collapsed: false,
        panels: [],
        gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      });
      y++;
    }
    const w = COLUMNS / row.panels.length;
    for (const [index, panel] of row.panels.entries()) {
      placed.push({ id: placed.length + 1, ...panel, gridPos: { x: index * w, y, w, h: row.height } });
    }
    y += row.height;
  }
  return {
    uid,
    title,
    description,
    tags: ['halfopen'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    // One crosshair for all panels: what happened at the same time?
    graphTooltip: 1,
    time: { from: 'now-15m', to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m'] },
    refresh: '5s',
    timezone: 'browser',
    links: [
      {
        type: 'dashboards',
        title: 'Halfopen',
        tags: ['halfopen'],
        asDropdown: false,
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: '',
        url: '',
      },
    ],
    annotations: { list: ANNOTATIONS },
    templating: { list: [DATASOURCE_VARIABLE, ...variables] },
    panels: placed,
  };
}

/** A variable with the values that a label has. */
export function labelVariable(
  name: string,
  label: string,
  query: string,
  options: { readonly current?: string; readonly all?: boolean } = {},
): object {
  const { current, all = false } = options;
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: all,
    multi: all,
    ...(all ? { allValue: '.*', current: { text: 'All', value: '$__all' } } : {}),
    ...(current === undefined ? {} : { current: { text: current, value: current } }),
  };
}

const DATASOURCE_VARIABLE = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  current: { text: 'Prometheus', value: 'prometheus' },
  refresh: 1,
  includeAll: false,
  multi: false,
};

/** What a graph alone does not say: when somebody broke something on purpose, and when a breaker opened. */
const ANNOTATIONS = [
  annotation(
    'Faults',
    'orange',
    // A series that has just begun has no increase yet.
    'sum by (fault) (increase(faults_injected_total[30s])) > 0 or sum by (fault) (faults_injected_total) unless sum by (fault) (faults_injected_total offset 30s)',
    'fault injected',
    '{{fault}}',
  ),
  annotation(
    'Breakers',
    'red',
    'sum by (downstream) (increase(breaker_transitions_total{from="closed",to="open"}[30s])) > 0',
    'breaker opened',
    '{{downstream}}',
  ),
];

function annotation(name: string, iconColor: string, expr: string, titleFormat: string, textFormat: string) {
  return {
    name,
    enable: true,
    hide: false,
    iconColor,
    datasource: DATASOURCE,
    expr,
    step: '10s',
    titleFormat,
    textFormat,
  };
}
