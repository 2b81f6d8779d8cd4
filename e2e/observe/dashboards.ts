import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../deploy/grafana/dashboards/', import.meta.url));

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly uid: string };
}

/** The part of Grafana's dashboards that is looked at. */
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly Target[];
    readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  }[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
      readonly current: { readonly value: string };
    }[];
  };
  readonly annotations: {
    readonly list: readonly {
      readonly name: string;
      readonly expr: string;
      readonly textFormat: string;
      readonly datasource: { readonly uid: string };
    }[];
  };
}

/** All of them, by name. */
export const dashboards: readonly Dashboard[] = globSync('*.json', { cwd: FOLDER })
  .toSorted()
  .map((name) => JSON.parse(readFileSync(FOLDER + name, 'utf8')));

export interface DashboardQuery {
  /** Dashboard, panel and query, for messages. */
  readonly where: string;
  /** As Prometheus takes it: variables have been replaced. */
  readonly expr: string;
  readonly legend: string;
}

/**
 * Every query of every dashboard, annotations included, as Grafana would ask them of a Prometheus that scrapes every
 * second. `chosen` is what somebody has chosen at the top of the dashboard instead of what it opens with.
 */
export function dashboardQueries(chosen: Readonly<Record<string, string>> = {}): DashboardQuery[] {
  return dashboards.flatMap(({ title, panels, annotations, templating }) => {
    const asked = [
      ...panels.flatMap((panel) =>
        (panel.targets ?? []).map(({ refId, expr, legendFormat }) => ({
          where: `${title} / ${panel.title} / ${refId}`,
          expr,
          legend: legendFormat,
        })),
      ),
      ...annotations.list.map(({ name, expr, textFormat }) => ({
        where: `${title} / annotation ${name}`,
        expr,
        legend: textFormat,
      })),
    ];
    return asked.map((query) => ({ ...query, expr: withoutVariables(query.expr, templating.list, chosen) }));
  });
}

/** What Grafana puts in the place of variables. @throws Error where one is unknown */
function withoutVariables(
  expr: string,
  variables: Dashboard['templating']['list'],
  chosen: Readonly<Record<string, string>>,
): string {
  const known = new Map([
    ['__rate_interval', '5s'],
    ...variables.map(({ name, current }) => [name, current.value === '$__all' ? '.*' : current.value] as const),
    ...Object.entries(chosen),
  ]);
  return expr.replaceAll(/\$(\w+)|\$\{(\w+)\}/g, (written, plain?: string, braced?: string) => {
    const value = known.get(plain ?? braced ?? '');
    if (value === undefined) throw new Error(`${written} is no variable of the dashboard: ${expr}`);
    return value;
  });
}
