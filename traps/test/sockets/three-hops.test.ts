/** A trap of policies that work well alone: every hop retries. The naive hops fall in, over real sockets; then ours do not. */
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { expect, test } from 'vitest';
import { withEdge } from '../../src/stage/on-sockets.ts';
import { standIn } from './shop-at.ts';

/** Retries that a new retry budget pays for before any call has succeeded. */
const INITIAL_RETRIES = 3;

test('three hops that retry three times each: one user call becomes 64 (axios-retry)', async () => {
  let requests = 0;
  const leaf = await standIn((_req, res) => {
    requests++;
    res.writeHead(503).end();
  });
  const naiveHop = (next: string) => {
    const http = axios.create();
    axiosRetry(http, { retries: 3 });
    return standIn((_req, res) => {
      http.get(next).then(
        () => res.end(),
        () => res.writeHead(503).end(),
      );
    });
  };
  const naive = await naiveHop((await naiveHop((await naiveHop(leaf.url)).url)).url);
  await fetch(naive.url);
  expect(requests).toBe(64);

  requests = 0;
  await withEdge(leaf.url, (third) =>
    withEdge(third, (second) =>
      withEdge(second, async (first) => {
        await fetch(`${first}/hello`);
        expect(requests).toBeGreaterThanOrEqual(1);
        expect(requests).toBeLessThanOrEqual(1 + 3 * INITIAL_RETRIES);
        requests = 0;
        for (let call = 0; call < 50; call++) await fetch(`${first}/hello`);
        expect(requests).toBeLessThanOrEqual(50 + 3 * INITIAL_RETRIES);
      }),
    ),
  );
});
