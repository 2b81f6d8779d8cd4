/** Answers that ask for more requests, in front of the real edge process: retry hints and redirects under load. */
import { describe, expect, test } from 'vitest';
import { nowMs } from '../harness/machine-lateness.ts';
import { late, openLoop, warmUp } from '../harness/open-loop.ts';
import { spawnEdge } from '../harness/process.ts';
import { standIn } from '../harness/system.ts';

const RATE = 200;
const DEADLINE_MS = 2_000;
const BUDGET = 10;

const date = (fromNowMs: number) => new Date(Date.now() + fromNowMs).toUTCString();

/** Retry-After as the greeter sends it, what it means in waiting (never, where the deadline leaves no time), and what the caller is told. */
const hints: { readonly sent: readonly string[]; readonly waitMs: number; readonly passedOn: string | undefined }[] = [
  { sent: [], waitMs: 0, passedOn: undefined },
  { sent: ['0'], waitMs: 0, passedOn: '1' },
  { sent: ['-1'], waitMs: 0, passedOn: undefined },
  { sent: ['soon'], waitMs: 0, passedOn: undefined },
  { sent: ['1'], waitMs: 1_000, passedOn: '1' },
  { sent: ['2'], waitMs: Number.POSITIVE_INFINITY, passedOn: '2' },
  { sent: ['1000000000'], waitMs: Number.POSITIVE_INFINITY, passedOn: '86400' },
  { sent: [date(-60_000)], waitMs: 0, passedOn: '1' },
  { sent: [date(400 * 86_400_000)], waitMs: Number.POSITIVE_INFINITY, passedOn: '86400' },
  { sent: ['1', '2'], waitMs: 0, passedOn: undefined },
];

describe('a storm with Retry-After', () => {
  test.each([503, 429])(
    'of %d: no more retries than were earned, none too early or too late, the hint passed on',
    async (status) => {
      let sent: readonly string[] | 'well' = 'well';
      /** When the attempts of each call came. */
      const attempts = new Map<string, number[]>();
      const greeter = await standIn((req, res) => {
        const id = String(req.headers['x-request-id']);
        attempts.set(id, [...(attempts.get(id) ?? []), nowMs()]);
        if (sent === 'well') res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
        else
          res
            .writeHead(
              status,
              sent.flatMap((value) => ['retry-after', value]),
            )
            .end();
      });
      const edge = spawnEdge({
        GREETER_URL: greeter.url,
        LOG_LEVEL: 'silent',
        GREETER_CALL_RETRY_BUDGET: String(BUDGET),
        GREETER_CALL_RETRY_RATIO: '1',
        // Of the deadline only: an attempt that met a busy machine would be retried, whatever it was told.
        GREETER_CALL_ATTEMPT_TIMEOUT_MS: String(DEADLINE_MS),
        // Never reached: an open breaker would hide the hints of 503s (other tests are about the breaker).
        GREETER_CALL_BREAKER_MINIMUM_CALLS: '1000000',
      });
      const { url } = await edge.listening;
      for (const hint of hints) {
        const what = `Retry-After: ${hint.sent.join(' and ')}`;
        sent = 'well';
        await warmUp(url);
        sent = hint.sent;
        attempts.clear();
        const seen = await openLoop(url, { rate: RATE, durationMs: 200 });

        const times = [...attempts.values()];
        const gaps = times.flatMap(([first = 0, ...more]) => more.map((next) => next - first));
        expect(times.length, what).toBe(seen.length);
        const canWait = Number.isFinite(hint.waitMs);
        expect(gaps.length, `retries, ${what}`).toBe(canWait ? BUDGET : 0);
        for (const gap of gaps) expect(gap, `retried after, ms, ${what}`).toBeGreaterThanOrEqual(hint.waitMs);
        expect(late(seen, DEADLINE_MS), what).toEqual([]);

        const codes = new Set(seen.map(({ status: got, code }) => `${got} ${code}`));
        const last = status === 503 ? '502 remote_error' : '503 overloaded';
        const expected = canWait ? [last, '503 budget_exhausted'] : [last];
        expect(
          [...codes].filter((code) => !expected.includes(code)),
          what,
        ).toEqual([]);
        for (const { status: got, headers } of seen) {
          // A 503 of ours always says when to come back.
          expect(headers['retry-after'], what).toBe(hint.passedOn ?? (got === 503 ? '1' : undefined));
        }
      }
    },
  );
});

test('a storm of redirects, to itself and to another host: never followed', async () => {
  const greeting = '{"message":"Hi"}';
  let elsewhere = 0;
  const other = await standIn((_req, res) => {
    elsewhere++;
    res.writeHead(200, { 'content-type': 'application/json' }).end(greeting);
  });
  const redirects = [301, 302, 303, 307, 308].flatMap((status) =>
    ['/there', `${other.url}/hello`].map((location) => ({ status, location })),
  );
  let hits = 0;
  const paths = new Set<unknown>();
  const greeter = await standIn((req, res) => {
    paths.add(req.url);
    const { status = 0, location = '' } = redirects[hits++ % redirects.length] ?? {};
    // The body is a good greeting: only the status says that it is none.
    res.writeHead(status, { location, 'content-type': 'application/json' }).end(greeting);
  });
  const edge = spawnEdge({ GREETER_URL: greeter.url, LOG_LEVEL: 'warn' });
  const seen = await openLoop((await edge.listening).url, { rate: RATE, durationMs: 1_000 });
  expect(hits, 'redirects of each kind').toBeGreaterThanOrEqual(redirects.length);
  expect(hits).toBeLessThanOrEqual(seen.length);
  expect(elsewhere).toBe(0);
  expect([...paths]).toEqual(['/hello']);
  const codes = new Set(seen.map(({ status, code }) => `${status} ${code}`));
  expect(codes).toEqual(new Set(['502 bad_response', '503 breaker_open']));
  expect(late(seen, DEADLINE_MS)).toEqual([]);
});
