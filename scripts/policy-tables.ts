/**
 * Keeps the tables of defaults in `docs/policies` the same as the services' `config.ts`: `--write` writes them,
 * otherwise a difference is an error. So is a setting of a downstream's policy that no page, or more than one, shows.
 */
import { existsSync } from 'node:fs';
import { describeSetting } from '../packages/service-kit/src/index.ts';
import { settings as edge } from '../services/edge/src/config.ts';
import { settings as greeter } from '../services/greeter/src/config.ts';
import { keepGenerated } from './generated-part.ts';

const BEGIN = '<!-- defaults: made from config.ts by `pnpm fix` -->';
const END = '<!-- /defaults -->';

/** The page that shows a setting, by the setting's name. */
const PAGES: Readonly<Record<string, RegExp>> = {
  'README.md': /_CALL_POLICY$/,
  'stale-if-error.md': /_CALL_STALE_IF_ERROR$/,
  'deadline.md': /^[A-Z]+_DEADLINE_MS$/,
  'coalesce.md': /_CALL_COALESCE$/,
  'bulkhead.md': /_CALL_MAX_(IN_FLIGHT|QUEUED)$/,
  'retry.md': /_CALL_(ATTEMPTS|BACKOFF_\w+|RETRY_\w+)$/,
  'hedge.md': /_CALL_HEDGE$/,
  'balancer.md': /^[A-Z]+_URL$/,
  'breaker.md': /_CALL_BREAKER_\w+$/,
  'attempt-timeout.md': /_CALL_ATTEMPT_TIMEOUT_MS$/,
  'admission.md': /^[A-Z]+_MAX_(IN_PROGRESS|QUEUED)$/,
};

const all = Object.entries({ ...greeter.shape, ...edge.shape }).toSorted(([a], [b]) => a.localeCompare(b));

const mistakes = all.flatMap(([name]) => {
  const shownBy = Object.keys(PAGES).filter((page) => PAGES[page]?.test(name));
  if (shownBy.length > 1) return [`${name} is shown by ${shownBy.join(' and ')}: one page must do`];
  if (shownBy.length === 0 && name.includes('_CALL_')) return [`${name} is shown by no page of docs/policies`];
  return [];
});

const write = process.argv.includes('--write');
for (const [page, pattern] of Object.entries(PAGES)) {
  const name = `docs/policies/${page}`;
  const file = new URL(`../${name}`, import.meta.url);
  const rows = all
    .filter(([setting]) => pattern.test(setting))
    .map(([setting, kind]) => {
      const { fallback, unit, description, expects } = describeSetting(kind);
      return `| \`${setting}\` | \`${fallback}\`${unit === '' ? '' : ` ${unit}`} | ${description} Takes ${expects}. |`;
    });
  if (!existsSync(file)) {
    mistakes.push(`${name} does not exist`);
  } else if (rows.length === 0) {
    mistakes.push(`${name} shows no setting: its pattern in scripts/policy-tables.ts matches none`);
  } else {
    const lines = ['| variable | default | what it does |', '| --- | --- | --- |', ...rows];
    const mistake = keepGenerated({ file, name, begin: BEGIN, end: END, lines }, write);
    if (mistake !== undefined) mistakes.push(mistake);
  }
}

if (mistakes.length > 0) {
  process.stderr.write(`${mistakes.join('\n')}\n`);
  process.exitCode = 1;
}
