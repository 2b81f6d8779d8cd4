import { z } from 'zod';

/** The members that say what a body must be. */
const BODIES = ['json', 'jsonIncludes', 'text'] as const;

export const expectation = z
  .strictObject({
    status: z.int().min(100).max(599).default(200).describe('The status of a right answer.'),
    json: z.json().optional().describe('What the body must be, as JSON. `{n}` stands for the number of the arrival.'),
    jsonIncludes: z
      .json()
      .optional()
      .describe(
        'What the body must have in it, as JSON: other members of its maps are free, such as ids and times. Lists must be as long, element by element. `{n}` as in `json`.',
      ),
    text: z.string().optional().describe('What the body must be, byte by byte. `{n}` as in `json`.'),
  })
  .superRefine((expected, context) => {
    const [one, other] = BODIES.filter((name) => expected[name] !== undefined);
    if (other !== undefined)
      context.addIssue({ code: 'custom', message: `has ${one} and ${other}: one of them is possible` });
  })
  .describe(
    'What a right answer is. Without `json`, `jsonIncludes` and `text` the status alone decides, and no answer is `wrong`.',
  );

/** Whether a wrong answer with the right status can be recognised. */
export function knowsBody(expected: z.output<typeof expectation>): boolean {
  return BODIES.some((name) => expected[name] !== undefined);
}
