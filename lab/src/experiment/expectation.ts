import { z } from 'zod';

/** The members that say what a body must be. */
const BODIES = ['json', 'jsonIncludes', 'text'] as const;

export const expectation = z
  .strictObject({
    status: z.int().min(100).max(599).default(200).describe('The status of a right answer.'),
    json: z.json().optional().describe('What the body must be, as JSON. `{n}` is the number of the arrival.'),
    jsonIncludes: z
      .json()
      .optional()
      .describe(
        'What the body must contain, as JSON. Its maps may have other members, such as ids and times; lists must match element by element. `{n}` as in `json`.',
      ),
    text: z.string().optional().describe('What the body must be, byte by byte. `{n}` as in `json`.'),
  })
  .superRefine((expected, context) => {
    const [one, other] = BODIES.filter((name) => expected[name] !== undefined);
    if (other !== undefined)
      context.addIssue({ code: 'custom', message: `has ${one} and ${other}: only one of them is allowed` });
  })
  .describe(
    'The right answer. Without `json`, `jsonIncludes` and `text` only the status counts, and no answer is `wrong`.',
  );

/** Whether a wrong answer with the right status can be recognised. */
export function knowsBody(expected: z.output<typeof expectation>): boolean {
  return BODIES.some((name) => expected[name] !== undefined);
}
