/**
 * Compares every generated page and file with what it is made from; with `--write`, writes them. Each line of what is wrong goes to
 * standard error, and the exit code is then 1. Part of `pnpm check` and `pnpm fix`.
 */
import process from 'node:process';
import { reportMistakes } from '@halfopen/figures/generated-file';
import { startScript } from '@halfopen/runner';
import type { Keep } from './page.ts';
import { checkAddresses } from './pages/addresses.ts';
import { keepAlerts } from './pages/alerts.ts';
import { keepFaultMembers } from './pages/fault-members.ts';
import { checkHttpRequirements } from './pages/http-requirements.ts';
import { checkLinks } from './pages/links.ts';
import { lintOpenApi } from './pages/openapi.ts';
import { keepPolicySettings } from './pages/policy-settings.ts';
import { keepSettings } from './pages/settings.ts';

const PAGES: Readonly<Record<string, Keep>> = {
  'docs/settings.md, from the config.ts of each service': keepSettings,
  'settings in docs/policies, from the config.ts of each service': keepPolicySettings,
  'anti-patterns in docs/policies, from what was measured': command('traps/src/keep-tables.ts'),
  'docs/guides/faults.md, from the schema of the fault plan': keepFaultMembers,
  'docs/guides/observe.md, from the rules of Prometheus': keepAlerts,
  'docs/benchmarks.md, from what was measured': command('bench/src/keep-page.ts'),
  'dashboards of Grafana, from deploy/grafana/src': command('deploy/grafana/src/keep-dashboards.ts'),
  'schemas in experiments/, from the code of the lab': command('lab/src/main.ts', 'schema'),
  'OpenAPI documents, from the contracts (nothing is written)': lintOpenApi,
  'links of every page (nothing is written)': checkLinks,
  'docs/http.md, from the tests that it names (nothing is written)': checkHttpRequirements,
  'addresses of every page (nothing is written)': checkAddresses,
};

/** Nobody imports the lab, the benchmarks or the traps, so what they make is kept by a command of theirs. */
function command(script: string, ...args: readonly string[]): Keep {
  return async (write) => {
    const { ended } = startScript(script, { args: [...args, ...(write ? ['--write'] : [])], env: process.env });
    const { code } = await ended;
    return code === 0 ? [] : [`${[script, ...args].join(' ')} failed`];
  };
}

const write = process.argv.includes('--write');
for (const [page, keep] of Object.entries(PAGES)) {
  // oxlint-disable-next-line no-await-in-loop -- several of them write to the same page
  const mistakes = await keep(write);
  reportMistakes(mistakes.map((mistake) => `${page}: ${mistake}`));
}
