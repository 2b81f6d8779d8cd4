import { keepMarkedPart } from '@halfopen/figures/generated-file';
import { SERVICES } from '@halfopen/runner';
import { fileNamed, type Keep } from '../page.ts';
import { allSettings, defaultOf } from '../services.ts';

const PAGE = {
  ...fileNamed('docs/settings.md'),
  begin: '<!-- settings: made from config.ts by `pnpm fix` -->',
  end: '<!-- /settings -->',
};

/** The table of docs/settings.md: every setting of every service. */
export const keepSettings: Keep = async (write) => {
  const rows = (await allSettings()).map((setting) => {
    const { name, readBy, expects, description } = setting;
    const readers = readBy.length === SERVICES.length ? 'every service' : readBy.join(', ');
    return `| \`${name}\` | ${readers} | ${defaultOf(setting)} | ${expects} | ${description} |`;
  });
  const lines = ['| variable | read by | default | takes | what it does |', '| --- | --- | --- | --- | --- |', ...rows];
  return [keepMarkedPart({ ...PAGE, lines }, write) ?? []].flat();
};
