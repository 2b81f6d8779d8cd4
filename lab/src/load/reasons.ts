/** Why requests did not succeed, and how many for each reason; most frequent first. */
export type Reasons = readonly (readonly [reason: string, count: number])[];

/** At most this many different reasons are counted. */
const MOST_REASONS = 20;

/** Counts why requests did not succeed, so that a wrong path, for example, is easy to find. */
export function createReasons() {
  const counts = new Map<string, number>();
  return {
    count(reason: string, by = 1): void {
      if (counts.has(reason) || counts.size < MOST_REASONS) counts.set(reason, (counts.get(reason) ?? 0) + by);
    },
    clear: () => counts.clear(),
    /** Most frequent first. */
    all: (): Reasons => [...counts].toSorted(([, a], [, b]) => b - a),
  };
}

/** ` (31 × GET /: no answer, ECONNREFUSED)`: the three most frequent are enough. */
export function reasonsText(reasons: Reasons): string {
  const shown = reasons.slice(0, 3).map(([reason, count]) => `${count} × ${reason}`);
  return shown.length === 0 ? '' : ` (${shown.join('; ')}${reasons.length > shown.length ? '; …' : ''})`;
}
