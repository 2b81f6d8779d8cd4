import { expect, test } from 'vitest';
import type { EdgeSample, RawRun } from '../src/measure/raw-run.ts';
import { timelineOf } from '../src/measure/timeline.ts';
import type { EndpointState } from '../src/result/result.ts';

const URLS = ['http://127.0.0.1:7001', 'http://127.0.0.1:7002'];

function runWith(edge: readonly EdgeSample[], greeterUrls: readonly string[] = URLS): RawRun {
  return {
    seed: 1,
    dueMs: new Float64Array(),
    outcome: new Uint8Array(),
    tookMs: new Float64Array(),
    latenessMs: new Float64Array(),
    attempts: undefined,
    attemptsSeen: [],
    edge,
    greeterUrls,
    faultEndMs: 0,
  };
}

const sample = (atMs: number, ...states: readonly EndpointState[]): EdgeSample => ({
  atMs,
  breaker: 'closed',
  retryBudget: 10,
  // The edge may name them in any order.
  endpoints: states.map((state, index) => ({ url: URLS[index] as string, state })).toReversed(),
});

test('the worst state that an endpoint had within a second is shown for each endpoint', () => {
  const edge = [
    sample(100, 'closed', 'closed'),
    sample(1_100, 'closed', 'left_out'),
    sample(1_600, 'closed', 'half_open'),
    sample(3_000, 'half_open', 'left_out'),
    sample(3_500, 'closed', 'open'),
  ];
  const { breaker, endpoints } = timelineOf(runWith(edge), 4);
  expect(endpoints).toEqual([
    { name: 'greeter 1', states: ['closed', 'closed', null, 'half_open'] },
    { name: 'greeter 2', states: ['closed', 'left_out', null, 'open'] },
  ]);
  expect(breaker).toEqual(['closed', 'closed', null, 'closed']);
});

test('an endpoint that the runner has not started is named by its address', () => {
  const { endpoints } = timelineOf(runWith([sample(100, 'closed', 'open')], []), 1);
  expect(endpoints?.map(({ name }) => name).toSorted()).toEqual(['127.0.0.1:7001', '127.0.0.1:7002']);
});

test('one endpoint needs no row of its own', () => {
  expect(timelineOf(runWith([sample(100, 'closed')]), 1).endpoints).toBeUndefined();
});
