/** Policies around a function of one's own, as the docstrings of `callContext` and `mapErrors` show it. */
import { expect, test } from 'vitest';
import { callContext, compose, createBreaker, deadline, type ErrorMeaning, mapErrors, retry } from '../src/index.ts';
import { track, useVirtualTime } from './virtual-time.ts';

const { clock, advance } = useVirtualTime();

class ConnectionError extends Error {}

const meaningOf = (error: unknown): ErrorMeaning | undefined =>
  error instanceof ConnectionError ? { code: 'connection_lost', sent: 'perhaps' } : undefined;

/** A database that fails so often before it answers. */
function database(failures: Error[]) {
  const signals: AbortSignal[] = [];
  return {
    signals,
    async find(id: string, { signal }: { signal: AbortSignal }) {
      signals.push(signal);
      const failure = failures[signals.length - 1];
      if (failure !== undefined) throw failure;
      return `row ${id}`;
    },
  };
}

test('a function is retried, with its own errors', async () => {
  const rows = database([new ConnectionError('reset'), new ConnectionError('reset')]);
  const find = compose(
    deadline({ timeoutMs: 1_000, clock }),
    retry({ attempts: 3, clock }),
    mapErrors(meaningOf),
  )(({ signal }) => rows.find('42', { signal }));
  const seen = track(find(callContext({ safety: 'idempotent' })));
  await advance(1_000);
  expect(seen.outcome).toBe('row 42');
  expect(rows.signals).toHaveLength(3);
});

test('what was perhaps done is not repeated, unless the context says that it may be', async () => {
  const rows = database([new ConnectionError('reset')]);
  const find = compose(retry({ clock }), mapErrors(meaningOf))(({ signal }) => rows.find('42', { signal }));
  await expect(find(callContext())).rejects.toMatchObject({
    code: 'connection_lost',
    sent: 'perhaps',
    message: 'reset',
    cause: expect.any(ConnectionError),
  });
  expect(rows.signals).toHaveLength(1);
});

test('a bug passes unchanged, is not retried, and is no failure of the downstream', async () => {
  const bug = new TypeError('x is not a function');
  const breaker = createBreaker({ minimumCalls: 1, clock });
  const rows = database([bug]);
  const find = compose(
    retry({ clock }),
    breaker.policy,
    mapErrors(meaningOf),
  )(({ signal }) => rows.find('42', { signal }));
  await expect(find(callContext({ safety: 'safe' }))).rejects.toBe(bug);
  expect([rows.signals.length, breaker.state]).toEqual([1, 'closed']);
});

test('a caller who leaves ends the function', async () => {
  const caller = new AbortController();
  const hang = deadline({ clock })(
    ({ signal }) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  );
  const seen = track(hang(callContext({ signal: caller.signal })));
  caller.abort();
  await advance(0);
  expect(seen.outcome).toBe('cancelled');
});
