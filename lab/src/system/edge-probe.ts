import type { DownstreamStatus } from '@halfopen/client';
import { z } from 'zod';
import type { EdgeSample } from '../measure/raw-run.ts';

const status = z.object({
  greeter: z.object({
    policy: z.string(),
    breaker: z.enum(['closed', 'open', 'half_open']),
    retryBudgetRemaining: z.number(),
    endpoints: z.array(
      z.object({ url: z.string(), breaker: z.enum(['closed', 'open', 'half_open']), ejectedForMs: z.number() }),
    ),
  }),
});

/** What is read of the status of a downstream. */
type EdgeStatus = Pick<DownstreamStatus, 'breaker' | 'retryBudgetRemaining'> & {
  readonly policy: string;
  readonly endpoints: readonly Pick<DownstreamStatus['endpoints'][number], 'url' | 'breaker' | 'ejectedForMs'>[];
};

/** Long enough for a busy edge, short enough for requests not to pile up. */
const PATIENCE_MS = 1_000;

/** @returns the state of the edge's breaker and budget; `undefined` when it has none or does not answer in time */
export async function askEdge(opsUrl: string): Promise<Omit<EdgeSample, 'atMs'> | undefined> {
  const text = await fetchText(`${opsUrl}/downstreams`);
  const parsed = status.safeParse(text === undefined ? undefined : JSON.parse(text));
  return parsed.success ? edgeSampleOf(parsed.data.greeter) : undefined;
}

/** What a sample keeps of the edge's status; `undefined` for a bare call, whose breaker and budget are not used and mean nothing. */
export function edgeSampleOf(seen: EdgeStatus): Omit<EdgeSample, 'atMs'> | undefined {
  if (seen.policy === 'none') return undefined;
  const { breaker, retryBudgetRemaining, endpoints } = seen;
  return {
    breaker,
    retryBudget: retryBudgetRemaining,
    endpoints: endpoints.map(({ url, breaker: own, ejectedForMs }) => ({
      url,
      state: own !== 'open' && ejectedForMs > 0 ? 'left_out' : own,
    })),
  };
}

/** @returns the edge's policy, if it reports one */
export async function policyOf(opsUrl: string): Promise<string | undefined> {
  const text = await fetchText(`${opsUrl}/downstreams`);
  const parsed = status.safeParse(text === undefined ? undefined : JSON.parse(text));
  return parsed.success ? parsed.data.greeter.policy : undefined;
}

/**
 * The sum of a metric over all its labels.
 * @returns `undefined` when there is no answer; 0 when the metric has no value yet
 */
export async function sumOfMetric(opsUrl: string, name: string): Promise<number | undefined> {
  const text = await fetchText(`${opsUrl}/metrics`);
  if (text === undefined) return undefined;
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^\\n]*\\})? (\\S+)$`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

async function fetchText(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.ok ? await response.text() : undefined;
  } catch {
    // Too busy, or gone. The sample is missing and shows as missing.
    return undefined;
  }
}
