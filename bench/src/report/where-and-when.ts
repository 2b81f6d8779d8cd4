import type { Provenance } from '@halfopen/figures/provenance';
import { markdownText } from '@halfopen/figures/text';

/** By which command, when and on what machine something was measured: the rest of a sentence. */
export function whereAndWhen({ startedAt, commit, node, machine, command }: Provenance): string {
  const { cpu, cores, memoryBytes } = machine;
  const gigabytes = (memoryBytes / 2 ** 30).toFixed(0);
  return `by \`${command}\` on ${startedAt.slice(0, 10)} on ${markdownText(cpu)}, ${cores} cores, ${gigabytes} GB, at commit ${commit.slice(0, 12)}${commit.endsWith('-dirty') ? ' and changes' : ''}, Node ${node}`;
}
