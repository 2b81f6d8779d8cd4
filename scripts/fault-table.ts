/**
 * Keeps the tables of `docs/guides/faults.md` the same as the schema of the fault plan: `--write` writes them, otherwise
 * a difference is an error.
 */
import { type MemberDescription, planMembers } from '../packages/faults/src/index.ts';
import { keepGenerated } from './generated-part.ts';

const NAME = 'docs/guides/faults.md';

const { plan, fault, distributions } = planMembers();

const tables: Readonly<Record<string, readonly string[]>> = {
  plan: tableOf(plan),
  fault: tableOf(fault),
  distribution: [
    '| `distribution` | its parameters |',
    '| --- | --- |',
    ...distributions.map(({ name, members }) => {
      const parameters = members.map((member) => `\`${member.name}\`: ${member.expects}`);
      return `| \`${name}\` | ${parameters.join('; ')} |`;
    }),
  ],
};

for (const [table, lines] of Object.entries(tables)) {
  const mistake = keepGenerated(
    {
      file: new URL(`../${NAME}`, import.meta.url),
      name: NAME,
      begin: `<!-- members of a ${table}: made from the schema by \`pnpm fix\` -->`,
      end: `<!-- /members of a ${table} -->`,
      lines,
    },
    process.argv.includes('--write'),
  );
  if (mistake !== undefined) {
    process.stderr.write(`${mistake}\n`);
    process.exitCode = 1;
  }
}

function tableOf(members: readonly MemberDescription[]): string[] {
  const rows = members.map(({ name, expects, fallback, required, description }) => {
    const value = required ? 'required' : fallback === undefined ? 'none' : `\`${fallback}\``;
    return `| \`${name}\` | ${expects} | ${value} | ${description} |`;
  });
  return ['| member | takes | default | what it does |', '| --- | --- | --- | --- |', ...rows];
}
