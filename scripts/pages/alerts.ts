import { readFileSync } from 'node:fs';
import { keepMarkedPart } from '@halfopen/figures/generated-file';
import { parse } from 'yaml';
import { fileNamed, type Keep } from '../page.ts';

const GUIDE = fileNamed('docs/guides/observe.md');
const RULES = fileNamed('deploy/prometheus/rules/alerts.yml');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook: string };
}

/**
 * The table of alerts in docs/guides/observe.md. An alert that the guide does not explain, or that does not say where it is
 * explained, is a mistake.
 */
export const keepAlerts: Keep = async (write) => {
  const { groups } = parse(readFileSync(RULES.file, 'utf8')) as { groups: { rules: Alert[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules);
  const part = {
    ...GUIDE,
    begin: '<!-- alerts: made from the rules by `pnpm fix` -->',
    end: '<!-- /alerts -->',
    lines: ['| alert | severity | rings when | for |', '| --- | --- | --- | --- |', ...alerts.map(rowOf)],
  };
  const guide = readFileSync(GUIDE.file, 'utf8');
  return [keepMarkedPart(part, write) ?? [], ...alerts.map((alert) => unexplained(alert, guide))].flat();
};

function rowOf(alert: Alert): string {
  const { labels, expr, for: after = 'at once' } = alert;
  return `| [${alert.alert}](#${anchorOf(alert)}) | ${labels.severity} | ${code(expr)} | ${after} |`;
}

function unexplained(alert: Alert, guide: string): string[] {
  const runbook = `${GUIDE.name}#${anchorOf(alert)}`;
  return [
    ...(guide.includes(`\n### ${alert.alert}\n`) ? [] : [`${GUIDE.name} does not explain ${alert.alert}`]),
    ...(alert.annotations.runbook === runbook
      ? []
      : [`the runbook of ${alert.alert} in ${RULES.name} must be ${runbook}`]),
  ];
}

function anchorOf({ alert }: Alert): string {
  return alert.toLowerCase();
}

/** In a table, `|` would end the cell. */
function code(expr: string): string {
  return `\`${expr.trim().replaceAll('|', '\\|')}\``;
}
