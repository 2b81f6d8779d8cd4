/** However many different things callers send, the services' metrics stay as few as they are. */
import { expect, test } from 'vitest';
import { exchange, get, startSystem } from '../harness/system.ts';

/** Attacks in a round, each of a dozen requests that are unlike those of any other. */
const ROUND = 25;

/** What Node's parser takes as a method besides those that are known by name. */
const ODD_METHODS = ['PROPFIND', 'PURGE', 'LOCK', 'SEARCH', 'M-SEARCH', 'SUBSCRIBE', 'TRACE', 'MKCOL'];

const seriesOf = async (opsUrl: string) => {
  const { text } = await get(`${opsUrl}/metrics`);
  return new Set(text.split('\n').flatMap((line) => /^[^#\s].*(?= )/.exec(line)?.[0] ?? []));
};

/** A round has asked for every one of so many statuses, registered or not. */
const ERROR_STATUSES = 60;

/** Time series of a service after all of that: several hundred, most of them buckets. */
const MOST_SERIES = 800;

/** One of everything a caller can vary, all of them new at each `n`. */
async function attack(url: string, n: number): Promise<void> {
  const odd = `${n.toString(36)}-${'x'.repeat(n % 50)}`;
  const traceId = n.toString(16).padStart(32, 'a');
  await Promise.all([
    get(`${url}/hello?name=${odd}`),
    get(`${url}/hello?name=${encodeURIComponent(`${odd}\u0000`)}`),
    get(`${url}/${odd}/../${odd}?${odd}=${odd}`),
    get(`${url}/hello/${odd}`, {}, ODD_METHODS[n % ODD_METHODS.length]),
    get(`${url}/hello`, {}, ODD_METHODS[n % ODD_METHODS.length]),
    get(`${url}/hello`, {
      [`x-${odd}`]: odd,
      'x-request-id': odd,
      'user-agent': odd,
      'x-deadline-ms': String(n + 60_000),
    }),
    get(`${url}/hello`, {
      'x-attempt': String(n),
      traceparent: `00-${traceId}-${traceId.slice(0, 16)}-01`,
      baggage: odd,
    }),
    ...[0, 1, 2].map((k) => get(`${url}/hello`, { 'x-fault': `status=${400 + ((3 * n + k) % ERROR_STATUSES)}` })),
    get(`${url}/hello`, { 'x-fault': odd }),
    get(`${url}/hello`, { 'x-deadline-ms': odd }),
    // No host at all, another host, and a method that is none.
    exchange(url, `GET /hello HTTP/1.1\r\nHost: ${odd}\r\nConnection: close\r\n\r\n`),
    exchange(url, `${odd.toUpperCase()} /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
  ]);
}

test('hostile requests make a bounded number of time series, and then no more', async () => {
  // A bare call: whether a breaker is open at the moment is not what is looked at.
  const { edge, greeter } = await startSystem({ GREETER_CALL_POLICY: 'none' });
  const both = [edge, greeter];
  const attackFrom = async (from: number) => {
    for (let n = from; n < from + ROUND; n++) await Promise.all(both.map(({ url }) => attack(url, n)));
    return Promise.all(both.map(({ opsUrl }) => seriesOf(opsUrl)));
  };
  const before = await attackFrom(0);
  const after = await attackFrom(ROUND);
  for (const [index, series] of after.entries()) {
    expect([...series].filter((one) => before[index]?.has(one) !== true)).toEqual([]);
    expect(series.size).toBeGreaterThan(100);
    expect(series.size).toBeLessThan(MOST_SERIES);
  }
});
