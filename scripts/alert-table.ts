/**
 * Keeps the table of alerts in `docs/guides/observe.md` the same as the rules: `--write` writes it, otherwise a difference
 * is an error. So is an alert that the guide does not explain, or that does not say where it is explained.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { keepGenerated } from './generated-part.ts';

const GUIDE = 'docs/guides/observe.md';
const RULES = 'deploy/prometheus/rules/alerts.yml';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook: string };
}

const file = (name: string) => new URL(`../${name}`, import.meta.url);
const { groups } = parse(readFileSync(file(RULES), 'utf8')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);

const mistake = keepGenerated(
  {
    file: file(GUIDE),
    name: GUIDE,
    begin: '<!-- alerts: made from the rules by `pnpm fix` -->',
    end: '<!-- /alerts -->',
    lines: [
      '| alert | severity | rings when | for |',
      '| --- | --- | --- | --- |',
      ...alerts.map(
        (alert) =>
          `| [${alert.alert}](#${anchorOf(alert)}) | ${alert.labels.severity} | ${code(alert.expr)} | ${alert.for ?? 'at once'} |`,
      ),
    ],
  },
  process.argv.includes('--write'),
);

const guide = readFileSync(file(GUIDE), 'utf8');
const mistakes = [
  ...(mistake === undefined ? [] : [mistake]),
  ...alerts.flatMap((alert) => [
    ...(guide.includes(`\n### ${alert.alert}\n`) ? [] : [`${GUIDE} does not explain ${alert.alert}`]),
    ...(alert.annotations.runbook === `${GUIDE}#${anchorOf(alert)}`
      ? []
      : [`the runbook of ${alert.alert} in ${RULES} must be ${GUIDE}#${anchorOf(alert)}`]),
  ]),
];
for (const one of mistakes) process.stderr.write(`${one}\n`);
if (mistakes.length > 0) process.exitCode = 1;

function anchorOf({ alert }: Alert): string {
  return alert.toLowerCase();
}

/** In a table, `|` would end the cell. */
function code(expr: string): string {
  return `\`${expr.trim().replaceAll('|', '\\|')}\``;
}
