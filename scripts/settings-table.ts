/**
 * Keeps the table of docs/settings.md the same as the services' `config.ts`: `--write` writes it, otherwise a difference is
 * an error.
 */
import { describeSetting } from '../packages/service-kit/src/index.ts';
import { settings as edge } from '../services/edge/src/config.ts';
import { settings as greeter } from '../services/greeter/src/config.ts';
import { keepGenerated } from './generated-part.ts';

const PAGE = new URL('../docs/settings.md', import.meta.url);
const BEGIN = '<!-- settings: made from config.ts by `pnpm fix` -->';
const END = '<!-- /settings -->';

const rows = Object.entries({ ...greeter.shape, ...edge.shape })
  .toSorted(([a], [b]) => a.localeCompare(b))
  .map(([name, kind]) => {
    const { fallback, unit, description, expects } = describeSetting(kind);
    const of = [edge, greeter].map(({ shape }) => Object.hasOwn(shape, name));
    const reader = of.every(Boolean) ? 'both' : of[0] ? 'edge' : 'greeter';
    return `| \`${name}\` | ${reader} | \`${fallback}\`${unit === '' ? '' : ` ${unit}`} | ${expects} | ${description} |`;
  });
const lines = ['| variable | read by | default | takes | what it does |', '| --- | --- | --- | --- | --- |', ...rows];

const part = { file: PAGE, name: 'docs/settings.md', begin: BEGIN, end: END, lines };
const mistake = keepGenerated(part, process.argv.includes('--write'));
if (mistake !== undefined) {
  process.stderr.write(`${mistake}\n`);
  process.exitCode = 1;
}
