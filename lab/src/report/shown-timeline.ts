import { quantile } from '@halfopen/figures/statistics';
import { unpackRequests } from '../result/packed-requests.ts';
import { ENDPOINT_STATES, type ExperimentResult, type RunResult, type Timeline } from '../result/result.ts';

/** The most spans that a picture has room for. */
const MOST_SPANS = 240;
const LONGEST_SPAN_S = 600;
const SPANS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, LONGEST_SPAN_S] as const;

/**
 * A timeline as a picture shows it. Counts are means per second of each span; latencies are quantiles of all requests
 * of the span.
 */
export interface ShownTimeline extends Omit<Timeline, 'retryBudget'> {
  /** Length of a span in seconds: one, unless the run is too long to show single seconds. */
  readonly everyS: number;
  /** Whether the run was stopped early. The time after that has no entries: unmeasured is not zero. */
  readonly stopped: boolean;
}

/** @param endS end of the time axis of all variants, so that all have the same spans */
export function shownTimeline(run: RunResult, { sound }: ExperimentResult, endS: number): ShownTimeline {
  const { timeline } = run;
  const asked = timeline.offered.length;
  const measured = sound ? asked : timeline.offered.findLastIndex((count) => count > 0) + 1;
  const everyS = SPANS_S.find((span) => endS / span <= MOST_SPANS) ?? LONGEST_SPAN_S;
  const spans = <T>(values: readonly T[]): (readonly T[])[] =>
    Array.from({ length: Math.ceil(measured / everyS) }, (_, span) =>
      values.slice(span * everyS, Math.min(measured, (span + 1) * everyS)),
    );
  const rates = (values: readonly number[]) => spans(values).map(mean);
  const worst = <T extends string>(order: readonly T[], states: readonly (T | null)[]) =>
    spans(states).map((of) => order.find((state) => of.includes(state)) ?? null);
  return {
    everyS,
    stopped: measured < asked,
    offered: rates(timeline.offered),
    success: rates(timeline.success),
    degraded: rates(timeline.degraded),
    failed: rates(timeline.failed),
    wrong: rates(timeline.wrong),
    ...(everyS === 1
      ? { p50Ms: timeline.p50Ms.slice(0, measured), p99Ms: timeline.p99Ms.slice(0, measured) }
      : latencies(run, Math.ceil(measured / everyS), everyS)),
    attempts: spans(timeline.attempts).map((of) => {
      const counted = of.filter((count) => count !== null);
      return counted.length < of.length ? null : mean(counted);
    }),
    breaker: worst(['open', 'half_open', 'closed'], timeline.breaker),
    ...(timeline.endpoints === undefined
      ? {}
      : {
          endpoints: timeline.endpoints.map(({ name, states }) => ({ name, states: worst(ENDPOINT_STATES, states) })),
        }),
  };
}

/** Quantiles cannot be averaged: those of a span are taken from its requests. */
function latencies({ requests }: RunResult, count: number, everyS: number): Pick<Timeline, 'p50Ms' | 'p99Ms'> {
  const { dueMs, tookMs } = unpackRequests(requests);
  const took = Array.from({ length: count }, (): number[] => []);
  for (const [index, due] of dueMs.entries()) took[Math.floor(due / 1_000 / everyS)]?.push(tookMs[index] as number);
  return { p50Ms: took.map((of) => quantile(of, 0.5)), p99Ms: took.map((of) => quantile(of, 0.99)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
