import type { Reproduced } from './page.ts';
import { countOf, signOf } from './page.ts';

/** What was reproduced, for a terminal: each claim with its figures below each other. */
export function reproducedText({ anchor, reproduction }: Reproduced): string {
  const { held, compared } = countOf(reproduction);
  const lines = reproduction.claims.flatMap(({ what, published, theirs, ours, holds }) => [
    `  ${signOf(holds) || ' '} ${what}`,
    `      published: ${published}${theirs === undefined ? '' : `   its own code: ${theirs}`}`,
    `      simulated: ${ours}`,
  ]);
  return `${anchor.title} (${anchor.name}): ${held} of ${compared} claims hold\n${lines.join('\n')}\n`;
}
