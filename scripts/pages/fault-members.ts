import { type MemberDescription, planMembers } from '@halfopen/faults';
import { keepMarkedPart } from '@halfopen/figures/generated-file';
import { fileNamed, type Keep } from '../page.ts';

/** The tables of docs/guides/faults.md: the members of a plan, a fault and a distribution. */
export const keepFaultMembers: Keep = async (write) => {
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
  return Object.entries(tables).flatMap(([table, lines]) => {
    const begin = `<!-- members of a ${table}: made from the schema by \`pnpm fix\` -->`;
    const end = `<!-- /members of a ${table} -->`;
    return keepMarkedPart({ ...fileNamed('docs/guides/faults.md'), begin, end, lines }, write) ?? [];
  });
};

function tableOf(members: readonly MemberDescription[]): string[] {
  const rows = members.map(({ name, expects, fallback, required, description }) => {
    const value = required ? 'required' : fallback === undefined ? 'none' : `\`${fallback}\``;
    return `| \`${name}\` | ${expects} | ${value} | ${description} |`;
  });
  return ['| member | takes | default | what it does |', '| --- | --- | --- | --- |', ...rows];
}
