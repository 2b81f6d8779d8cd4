/**
 * Keeps Grafana's dashboards (deploy/grafana/dashboards) the same as what scripts/dashboards/ says: `--write` writes
 * them, otherwise a difference is an error. Grafana's JSON says everything several times; what is read and changed is here.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { downstream } from './dashboards/downstream.ts';
import { system } from './dashboards/system.ts';

const FOLDER = new URL('../deploy/grafana/dashboards/', import.meta.url);

for (const [name, dashboard] of Object.entries({ system, downstream })) {
  const file = new URL(`${name}.json`, FOLDER);
  const made = `${JSON.stringify(dashboard, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === made) continue;
  if (process.argv.includes('--write')) writeFileSync(file, made);
  else {
    process.stderr.write(`${name}.json is not what scripts/dashboards says; \`pnpm fix\` writes it\n`);
    process.exitCode = 1;
  }
}
