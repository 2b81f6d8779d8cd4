import { expect, test } from 'vitest';
import { histogramFromPrometheus } from '../src/index.ts';
import { parsePlan } from '../src/plan.ts';
import { host } from './host.ts';

const TEXT = `# HELP d Durations.
# TYPE d histogram
d_bucket{le="0.005",status="200"} 3
d_bucket{le="0.29",status="200"} 5
d_bucket{le="+Inf",status="200"} 6
d_sum{status="200"} 1.5
d_count{status="200"} 6
d_bucket{status="503",le="0.005"} 1
d_bucket{status="503",le="0.29"} 1
d_bucket{status="503",le="+Inf"} 1
other_d_bucket{le="0.005"} 100
`;

test('what was measured can be replayed: seconds become milliseconds, series and buckets are told apart', () => {
  const delayMs = histogramFromPrometheus(TEXT, 'd');
  expect(delayMs).toEqual({ distribution: 'histogram', upToMs: [5, 290], counts: [4, 3] });
  expect(parsePlan({ faults: [{ id: 'as-measured', delayMs }] }, host).faults).toHaveLength(1);
});

test.each([['nothing'], ['d_sum']])('no histogram %s', (metric) => {
  expect(() => histogramFromPrometheus(TEXT, metric)).toThrow(`there is no histogram ${metric}, or it is empty`);
});
