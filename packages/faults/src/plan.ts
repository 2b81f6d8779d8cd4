import { z } from 'zod';

/** The longest injected delay: a forgotten plan must not look like a dead service for an afternoon. */
const MAX_DELAY_MS = 60_000;

/** What a fault does to the answer: at most one of them. A delay comes before it, or stands alone. */
const EFFECTS = ['status', 'reset', 'hang', 'truncate', 'malformed', 'wrongType'] as const;

const planSchema = z.strictObject({
  /** The same seed fails the same requests. */
  seed: z.int().min(0).default(1),
  faults: z
    .array(
      z
        .strictObject({
          /** Names the fault in counters. */
          id: z
            .string()
            .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
          /** Share of requests that it hits, 0 to 1. */
          rate: z.number().min(0).max(1).default(1),
          /** Stops after so many hits. */
          count: z.int().min(1).optional(),
          /** Waits so many milliseconds first. */
          delayMs: z.number().min(0).max(MAX_DELAY_MS).optional(),
          /** Waits up to so many milliseconds more. */
          jitterMs: z.number().min(0).max(MAX_DELAY_MS).optional(),
          /** Answers with this status. */
          status: z.int().min(400).max(599).optional(),
          /** What Retry-After says beside `status`, in seconds. */
          retryAfter: z.int().min(0).max(86_400).optional(),
          /** Resets the connection, unanswered. */
          reset: z.literal(true).optional(),
          /** Never answers. */
          hang: z.literal(true).optional(),
          /** Breaks off in the middle of the body. */
          truncate: z.literal(true).optional(),
          /** Answers 200 with JSON that does not parse. */
          malformed: z.literal(true).optional(),
          /** Answers 200 with JSON that breaks the contract. */
          wrongType: z.literal(true).optional(),
        })
        .superRefine((fault, refinement) => {
          const effects = EFFECTS.filter((effect) => fault[effect] !== undefined);
          const mistake = (message: string, path: string[] = []) =>
            refinement.addIssue({ code: 'custom', message, path });
          if (effects.length > 1) mistake(`has ${effects.join(' and ')}: at most one effect is possible`);
          if (effects.length === 0 && fault.delayMs === undefined) {
            mistake(`does nothing: it needs delayMs or one of ${EFFECTS.join(', ')}`);
          }
          if (fault.retryAfter !== undefined && fault.status === undefined) mistake('needs status', ['retryAfter']);
          if (fault.jitterMs !== undefined && fault.delayMs === undefined) mistake('needs delayMs', ['jitterMs']);
        }),
    )
    .max(100)
    .superRefine((faults, refinement) => {
      const seen = new Set<string>();
      for (const [index, { id }] of faults.entries()) {
        if (seen.has(id)) refinement.addIssue({ code: 'custom', message: `"${id}" is taken`, path: [index, 'id'] });
        seen.add(id);
      }
    }),
});

/** Failures as data: which requests fail, and how. */
export type FaultPlan = z.output<typeof planSchema>;
export type Fault = FaultPlan['faults'][number];

export const EMPTY_PLAN: FaultPlan = { seed: 1, faults: [] };

/** A plan or `x-fault` header that is not one. Answers as a bad request. */
export class FaultPlanError extends Error {
  override readonly name = 'FaultPlanError';
  readonly code = 'bad_request';
}

/**
 * Reads a plan; one mistake refuses the whole.
 * @throws FaultPlanError with the path of each mistake
 */
export function parsePlan(plan: unknown): FaultPlan {
  const parsed = planSchema.safeParse(plan);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) => `${pathOf(path)}: ${message}`);
  throw new FaultPlanError(`the fault plan is refused: ${mistakes.join('; ')}`);
}

/**
 * Reads an `x-fault` header: the effects of a plan's fault for one request, `delay=800, status=503`.
 * @throws FaultPlanError
 */
export function parseFaultHeader(header: string): Fault {
  const fault: Record<string, unknown> = { id: 'x-fault' };
  for (const part of header.split(',')) {
    const [name = '', value] = part.trim().split('=');
    const member = name === 'delay' ? 'delayMs' : name === 'jitter' ? 'jitterMs' : name;
    fault[member] = value === undefined ? true : Number(value);
  }
  const parsed = planSchema.shape.faults.element.safeParse(fault);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) => [...path, message].join(' '));
  throw new FaultPlanError(
    `x-fault ${JSON.stringify(header.slice(0, 100))} is refused: ${mistakes.join('; ')}; such as delay=800, status=503, or reset`,
  );
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
      .join('')
      .replace(/^\./, '') || 'the plan'
  );
}
