import type { Provenance } from '../provenance.ts';
import { markdownText } from './markdown.ts';

/** Which command measured something, when, and on what machine, as Markdown: the words after "measured". */
export function whereAndWhen({ startedAt, commit, node, machine, command }: Provenance): string {
  const { cpu, cores, memoryBytes } = machine;
  const gigabytes = (memoryBytes / 2 ** 30).toFixed(0);
  return `by \`${command}\` on ${startedAt.slice(0, 10)} on ${markdownText(cpu)}, ${cores} cores, ${gigabytes} GB, at commit ${commit.slice(0, 12)}${commit.endsWith('-dirty') ? ' and changes' : ''}, Node ${node}`;
}
