/**
 * Compares Grafana's dashboards (../dashboards) with what these sources say; with `--write`, writes them. Grafana's JSON says
 * everything several times: read and change the sources.
 */
import process from 'node:process';
import { keepFile, reportMistakes } from '@halfopen/figures/generated-file';
import { downstream } from './downstream.ts';
import { system } from './system.ts';

const write = process.argv.includes('--write');
reportMistakes(
  Object.entries({ system, downstream }).flatMap(([name, dashboard]) => {
    const file = new URL(`../dashboards/${name}.json`, import.meta.url);
    const made = `${JSON.stringify(dashboard, null, 2)}\n`;
    return keepFile({ file, name: `deploy/grafana/dashboards/${name}.json` }, made, write) ?? [];
  }),
);
