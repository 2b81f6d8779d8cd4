import { tableRow } from '@halfopen/figures/text';
import type { Anchor, Claim, Reproduction } from './anchor.ts';

/** An anchor that was run. */
export interface Reproduced {
  readonly anchor: Anchor;
  readonly reproduction: Reproduction;
}

const COMMAND = 'pnpm lab reproduce';

export const signOf = (holds: Claim['holds']) => (holds === null ? '' : holds ? '✓' : '✗');

/** `7 of 8` claims that can be compared hold. */
export function countOf({ claims }: Reproduction): { readonly held: number; readonly compared: number } {
  const compared = claims.filter(({ holds }) => holds !== null);
  return { held: compared.filter(({ holds }) => holds === true).length, compared: compared.length };
}

export const pictureFile = (name: string) => `${name}.svg`;

/**
 * The page of all reproductions, as Markdown.
 * @param pictures folder of the pictures, relative to the page
 * @param day on which it was made, `2026-11-28`
 */
export function reproducedPage(all: readonly Reproduced[], pictures: string, day: string): string {
  return [
    '# Reproduced',
    '',
    ...INTRODUCTION,
    '',
    `<!-- This page is made by \`${COMMAND} --write\`: change lab/src/reproduce instead. -->`,
    '',
    tableRow(['result', 'source', 'claims that hold', '']),
    '| --- | --- | --- | --- |',
    ...all.map(overviewRow),
    '',
    `Made on ${day} by \`${COMMAND} --write\`. The seeds are 1, 2, 3 and so on: none was chosen. The simulator does all of its`,
    'arithmetic in the same way on every machine, so the same seeds give the same figures everywhere; there is no need to name ours.',
    '',
    ...all.flatMap((one) => sectionOf(one, pictures)),
  ].join('\n');
}

const INTRODUCTION = [
  'Well-known results on retries, overload and tail latency, each made again by one command. The clients are the ones of this',
  'repository: `createDownstream`, or its `retry`, `hedge` and budgets alone. Servers, networks and callers are models, on a virtual',
  'clock ([the simulator](../packages/simulator/README.md)).',
  '',
  'We owe these authors most of what the policies here know. Where our figure differs from theirs, we may be the ones who are wrong:',
  'every model is a file of one or two screens in [`lab/src/reproduce/anchors`](../lab/src/reproduce/anchors), every assumption is',
  'listed, and every row can be run in seconds. If you wrote one of these results and we have misread it, an issue or a change of that',
  'file is very welcome.',
  '',
  '✓ means that our figure agrees with the source by the rule that its section states, ✗ that it does not. A row without a sign has',
  'nothing to compare with: it says what another client makes of the same world. Intervals are at 99 %: Student for means over seeds,',
  'Wilson for shares.',
];

function overviewRow({ anchor, reproduction }: Reproduced): string {
  const { held, compared } = countOf(reproduction);
  const { authors, year, url } = anchor.sources[0] as Anchor['sources'][number];
  return `| [${anchor.title}](#${anchor.name}) | [${authors}, ${year}](${url}) | ${held === compared ? '✓' : '✗'} ${held} of ${compared} | \`${COMMAND} ${anchor.name}\` |`;
}

function sectionOf({ anchor, reproduction }: Reproduced, pictures: string): string[] {
  const { claims, findings, picture } = reproduction;
  return [
    `## <a id="${anchor.name}"></a>${anchor.title}`,
    '',
    ...anchor.sources.map(({ authors, title, year, url }) => `- ${authors}: [${title}](${url}), ${year}.`),
    '',
    ...paragraphs(anchor.method),
    ...(picture == null ? [] : [`![${picture.alt}](${pictures}/${pictureFile(anchor.name)})`, '']),
    tableRow(['', 'published', 'its own code', 'simulated', 'seeds', '']),
    '| --- | --- | --- | --- | ---: | --- |',
    ...claims.map(({ what, published, theirs, ours, measured, holds }) =>
      tableRow([what, published, theirs ?? '', ours, String(measured.runs), signOf(holds)]),
    ),
    '',
    ...paragraphs(findings),
    ...(anchor.ownCode === undefined ? [] : paragraphs([`Its own code: ${anchor.ownCode}`])),
    `\`${COMMAND} ${anchor.name}\``,
    '',
  ];
}

const paragraphs = (texts: readonly string[]) => texts.flatMap((text) => [text, '']);
