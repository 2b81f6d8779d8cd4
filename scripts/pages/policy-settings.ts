import { keepMarkedPart } from '@halfopen/figures/generated-file';
import { fileNamed, type Keep } from '../page.ts';
import { allSettings, type DocumentedSetting, defaultOf } from '../services.ts';

const BEGIN = '<!-- defaults: made from config.ts by `pnpm fix` -->';
const END = '<!-- /defaults -->';

/** The page that shows a setting, by the setting's name. */
const PAGES: Readonly<Record<string, RegExp>> = {
  'README.md': /_CALL_POLICY$/,
  'stale-if-error.md': /_CALL_STALE_IF_ERROR$/,
  'deadline.md': /^[A-Z]+_DEADLINE_MS$/,
  'coalesce.md': /_CALL_COALESCE$/,
  'bulkhead.md': /_CALL_(MAX_(IN_FLIGHT|QUEUED)|ADAPTIVE_LIMIT|COUNT_ABANDONED)$/,
  'deadline-admission.md': /_CALL_DEADLINE_ADMISSION$/,
  'retry.md': /_CALL_(ATTEMPTS|BACKOFF_\w+|RETRY_\w+)$/,
  'patience.md': /_CALL_PATIENCE$/,
  'hedge.md': /_CALL_HEDGE$/,
  'wait-for-ready.md': /_CALL_WAIT_FOR_READY$/,
  'balancer.md': /^[A-Z]+_URL$/,
  'breaker.md': /_CALL_BREAKER_\w+$/,
  'attempt-timeout.md': /_CALL_ATTEMPT_TIMEOUT_MS$/,
  'admission.md': /^[A-Z]+_MAX_(IN_PROGRESS|QUEUED)$/,
};

/**
 * The tables of settings in docs/policies. A setting of a downstream's policy that no page shows, or more than one, is a
 * mistake.
 */
export const keepPolicySettings: Keep = async (write) => {
  const settings = await allSettings();
  return [...settings.flatMap(misplaced), ...Object.keys(PAGES).flatMap((page) => keepPage(page, settings, write))];
};

function misplaced({ name }: DocumentedSetting): string[] {
  const shownBy = Object.keys(PAGES).filter((page) => PAGES[page]?.test(name));
  if (shownBy.length > 1) return [`${name} is shown by ${shownBy.join(' and ')}: one page must do`];
  if (shownBy.length === 0 && name.includes('_CALL_')) return [`${name} is shown by no page of docs/policies`];
  return [];
}

function keepPage(page: string, settings: readonly DocumentedSetting[], write: boolean): string[] {
  const rows = settings
    .filter(({ name }) => PAGES[page]?.test(name))
    .map((setting) => {
      const { name, description, expects } = setting;
      return `| \`${name}\` | ${defaultOf(setting)} | ${description} Takes ${expects}. |`;
    });
  const name = `docs/policies/${page}`;
  if (rows.length === 0) return [`${name} shows no setting: its pattern matches none`];
  const lines = ['| variable | default | what it does |', '| --- | --- | --- |', ...rows];
  return [keepMarkedPart({ ...fileNamed(name), begin: BEGIN, end: END, lines }, write) ?? []].flat();
}
