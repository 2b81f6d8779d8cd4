import type { CallContext } from './call-context.ts';

/** Headers that differ between two askings of the same question. */
const PER_REQUEST: ReadonlySet<string> = new Set(['x-request-id', 'traceparent', 'tracestate']);

/**
 * Identifies what a call asks: two calls with the same question may share one answer. Headers count, because they may say who asks
 * (`authorization`) or how: one caller must not get another caller's answer.
 */
export function questionOf({ operation, input, headers }: CallContext): string {
  const asked = Object.entries(headers).filter(([name]) => !PER_REQUEST.has(name));
  return JSON.stringify([operation.name, input, asked]);
}
