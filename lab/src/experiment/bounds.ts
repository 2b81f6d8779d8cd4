import { isShare, METRICS, type MetricName } from '../result/metrics.ts';

/**
 * The values a figure can have. A bound outside of them would always hold, or never. A difference can also be negative.
 */
function rangeOf({ metric, minus }: { readonly metric: MetricName; readonly minus?: string | undefined }) {
  const max = isShare(metric) ? 1 : Number.POSITIVE_INFINITY;
  return { min: minus === undefined ? 0 : -max, max };
}

/** Why no figure can be compared with this bound; `undefined` when one can. */
export function boundMistake(of: Parameters<typeof rangeOf>[0], bound: number | undefined): string | undefined {
  const { min, max } = rangeOf(of);
  if (bound === undefined || (bound >= min && bound <= max)) return undefined;
  if (max !== 1) return 'must not be negative: only a difference can be';
  const words = min === 0 ? 'a share is from 0 to 1' : 'a difference of shares is from -1 to 1';
  const isPercent = Math.abs(bound) > 1 && Math.abs(bound) <= 100 && bound / 100 >= min;
  return isPercent ? `${words}; for ${bound} % write ${bound / 100}` : words;
}

/** The same rule for editors that complete and check. */
export function boundsInJsonSchema(): Record<string, unknown> {
  const bounds = (limits: object) => ({
    type: 'object',
    properties: { atLeast: { type: 'number', ...limits }, atMost: { type: 'number', ...limits } },
  });
  const isOther = { type: 'object', properties: { metric: { enum: METRICS.filter((metric) => !isShare(metric)) } } };
  const isDifference = { type: 'object', properties: { minus: { type: 'string' } }, required: ['minus'] };
  return {
    allOf: [
      { anyOf: [isOther, bounds({ minimum: -1, maximum: 1 })] },
      { anyOf: [isDifference, bounds({ minimum: 0 })] },
    ],
  };
}
