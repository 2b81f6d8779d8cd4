/** An IMF-fixdate, the one date form that servers may send (RFC 9110 §5.6.7). `Date.parse` alone would take "1" for a year. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** A day. Longer than any caller waits, and far below where timers overflow. */
const MOST_MS = 86_400_000;

/**
 * Milliseconds that a Retry-After header asks to wait (RFC 9110 §10.2.3: seconds, or an HTTP date), between 0 and a
 * day. `undefined` for what is neither.
 * @param nowMs wall clock, milliseconds since 1970: only a date needs it
 */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, MOST_MS);
  if (!HTTP_DATE.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - nowMs), MOST_MS);
}
