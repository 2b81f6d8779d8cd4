import type { RecentOutcomes } from './outcome.ts';

/** What outlier detection reads and remembers about one endpoint. */
export interface Judged {
  readonly guard: { readonly recent: RecentOutcomes; forget(): void };
  /** Until when the endpoint is ejected, on the balancer's clock. */
  ejectedUntil: number;
  /** Ejections so far, each soon after the last. */
  ejections: number;
  /** The endpoint was left out, and has not yet shown that it works. */
  onProbation: boolean;
}

/** What is known about a new endpoint: nothing bad. */
export const UNSUSPECTED = { ejectedUntil: Number.NEGATIVE_INFINITY, ejections: 0, onProbation: false } as const;

/** Length of the first ejection. Each further one is longer by as much. Envoy: 30 s, for large clusters. */
const EJECTION_MS = 2_000;
const MAX_EJECTION_MS = 10_000;
/** After this long without an ejection, the count starts again. */
const GOOD_BEHAVIOUR_MS = 30_000;

export function isEjected({ ejectedUntil }: Judged, now: number): boolean {
  return now < ejectedUntil;
}

/**
 * Ejects an endpoint. Its guard forgets, so that the endpoint is judged afresh when it returns.
 * @returns the length of the ejection in milliseconds
 */
export function eject(endpoint: Judged, now: number): number {
  endpoint.ejections = now - endpoint.ejectedUntil > GOOD_BEHAVIOUR_MS ? 1 : endpoint.ejections + 1;
  const forMs = Math.min(EJECTION_MS * endpoint.ejections, MAX_EJECTION_MS);
  endpoint.ejectedUntil = now + forMs;
  endpoint.guard.forget();
  return forMs;
}

/** Share of the choices in which an endpoint on probation takes part. */
export const PROBATION_SHARE = 0.1;
/** Outcomes after which probation ends. Enough that an endpoint which fails a tenth of its calls rarely passes. */
const PROBATION_OUTCOMES = 30;

export function isOnProbation(endpoint: Judged): boolean {
  if (endpoint.onProbation && endpoint.guard.recent.outcomes >= PROBATION_OUTCOMES) endpoint.onProbation = false;
  return endpoint.onProbation;
}

/** The endpoints that fail far more than the others. If all fail alike, there is none: ejecting one would not help. */
export function outliersOf<Endpoint extends Judged>(
  endpoints: readonly Endpoint[],
  minimumOutcomes: number,
): Endpoint[] {
  if (endpoints.length < 2) return [];
  const all = endpoints.map(({ guard }) => guard.recent);
  const [outcomes, failures] = [sumOf(all, 'outcomes'), sumOf(all, 'failures')];
  return endpoints.filter(({ onProbation }, index) => {
    const own = all[index] ?? { outcomes: 0, failures: 0 };
    const others = { outcomes: outcomes - own.outcomes, failures: failures - own.failures };
    if (onProbation) return failsAgain(own, others);
    return own.outcomes >= minimumOutcomes && failsFarMore(own, others, minimumOutcomes);
  });
}

/** An outlier fails at least this share of its calls, and at least this multiple of the others' share … */
const OUTLIER_SHARE = 0.05;
const OUTLIER_MULTIPLE = 2;
/** … and the difference is at least this many standard deviations. Chance alone reaches three about once in 700 times. */
const OUTLIER_DEVIATIONS = 3;

/** Compares two proportions (pooled z-test). If too little is known of the others, they are assumed to be well. */
function failsFarMore(own: RecentOutcomes, others: RecentOutcomes, minimumOutcomes: number): boolean {
  const known = others.outcomes >= minimumOutcomes ? others : { outcomes: own.outcomes, failures: 0 };
  const [share, usual] = [shareOf(own), shareOf(known)];
  if (share < OUTLIER_SHARE || share < OUTLIER_MULTIPLE * usual) return false;
  const pooled = (own.failures + known.failures) / (own.outcomes + known.outcomes);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / own.outcomes + 1 / known.outcomes));
  return share - usual >= OUTLIER_DEVIATIONS * deviation;
}

/** An endpoint that was an outlier before needs little evidence to be one again. */
const PROBATION_FAILURES = 2;
const PROBATION_OUTLIER_SHARE = 0.1;

function failsAgain(own: RecentOutcomes, others: RecentOutcomes): boolean {
  // If the others are well, its first answer is enough: every further one costs a caller.
  const nothingElse = own.failures === own.outcomes && shareOf(others) < OUTLIER_SHARE;
  if (own.failures < (nothingElse ? 1 : PROBATION_FAILURES)) return false;
  return shareOf(own) >= Math.max(PROBATION_OUTLIER_SHARE, OUTLIER_MULTIPLE * shareOf(others));
}

/** Share of failures, 0 to 1. */
function shareOf({ outcomes, failures }: RecentOutcomes): number {
  return outcomes === 0 ? 0 : failures / outcomes;
}

function sumOf(all: readonly RecentOutcomes[], which: keyof RecentOutcomes): number {
  return all.reduce((sum, recent) => sum + recent[which], 0);
}
