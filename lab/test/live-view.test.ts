import { expect, test } from 'vitest';
import { createLiveView } from '../src/load/live-view.ts';

test('why requests failed is forgotten with the requests, after five seconds', () => {
  const live = createLiveView();
  live.record('failed', 1, 'GET /: no answer, ECONNREFUSED');
  live.record('wrong', 1, 'GET /: status 200 with another body than expected');
  live.turn();
  live.record('failed', 1, 'GET /: no answer, ECONNREFUSED');
  live.record('success', 1, 'GET /: status 200');
  expect(live.turn()).toMatchObject({
    answered: 4,
    bad: 3,
    whyBad: [
      ['GET /: no answer, ECONNREFUSED', 2],
      ['GET /: status 200 with another body than expected', 1],
    ],
  });
  for (let slice = 0; slice < 20; slice++) live.turn();
  expect(live.turn()).toMatchObject({ answered: 0, bad: 0, whyBad: [] });
});
