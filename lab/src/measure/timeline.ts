import { quantile } from '@halfopen/figures/statistics';
import { ENDPOINT_STATES, OUTCOMES, type Timeline } from '../result/result.ts';
import { type EdgeSample, type RawRun, seenBy } from './raw-run.ts';

/** What happened in each second: requests by scheduled time, attempts by arrival. */
export function timelineOf(run: RawRun, endS: number): Timeline {
  const seconds = Array.from({ length: Math.ceil(endS) }, (_, second) => {
    const took: number[] = [];
    const counts = OUTCOMES.map(() => 0);
    return { second, took, counts };
  });
  for (const [index, due] of run.dueMs.entries()) {
    const bin = seconds[Math.floor(due / 1_000)];
    if (bin === undefined) continue;
    const code = run.outcome[index] as number;
    bin.counts[code] = (bin.counts[code] as number) + 1;
    bin.took.push(run.tookMs[index] as number);
  }
  const countsOf = (code: number) => seconds.map(({ counts }) => counts[code] as number);
  const [success = [], degraded = [], failed = [], wrong = []] = OUTCOMES.map((_, code) => countsOf(code));
  const endpoints = endpointsOf(run, seconds.length);
  return {
    offered: seconds.map(({ took }) => took.length),
    success,
    degraded,
    failed,
    wrong,
    p50Ms: seconds.map(({ took }) => quantile(took, 0.5)),
    p99Ms: seconds.map(({ took }) => quantile(took, 0.99)),
    attempts: seconds.map(({ second }) => {
      const [from, to] = [seenBy(run.attemptsSeen, second * 1_000), seenBy(run.attemptsSeen, (second + 1) * 1_000)];
      return from === null || to === null ? null : Math.round(to - from);
    }),
    breaker: seconds.map(({ second }) => worstBreaker(samplesIn(run.edge, second))),
    ...(endpoints.length > 1 ? { endpoints } : {}),
    retryBudget: seconds.map(({ second }) => samplesIn(run.edge, second).at(-1)?.retryBudget ?? null),
  };
}

/** Every endpoint that was ever known: the greeters in order, then the others. */
function endpointsOf({ edge, greeterUrls }: RawRun, count: number): NonNullable<Timeline['endpoints']> {
  const place = (url: string) => (greeterUrls.includes(url) ? greeterUrls.indexOf(url) : greeterUrls.length);
  const urls = [...new Set(edge.flatMap(({ endpoints }) => endpoints.map(({ url }) => url)))];
  return urls
    .toSorted((a, b) => place(a) - place(b))
    .map((url) => ({
      name: greeterUrls.includes(url) ? `greeter ${greeterUrls.indexOf(url) + 1}` : url.replace(/^https?:\/\//, ''),
      states: Array.from({ length: count }, (_, second) => {
        const seen = samplesIn(edge, second).flatMap(({ endpoints }) => endpoints.filter((one) => one.url === url));
        return ENDPOINT_STATES.find((state) => seen.some((one) => one.state === state)) ?? null;
      }),
    }));
}

function samplesIn(samples: readonly EdgeSample[], second: number): EdgeSample[] {
  return samples.filter(({ atMs }) => Math.floor(atMs / 1_000) === second);
}

/** The worst state seen in that second, so that a breaker that opened for a quarter of it shows. */
function worstBreaker(samples: readonly EdgeSample[]): EdgeSample['breaker'] | null {
  return (
    (['open', 'half_open', 'closed'] as const).find((state) => samples.some(({ breaker }) => breaker === state)) ?? null
  );
}
