import { expect, test } from 'vitest';
import { coalesce, createBreaker, createBulkhead, type Policy } from '../src/index.ts';
import { context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance } = useVirtualTime();
const onEvent = () => undefined;

/** What the watchers of so many calls at once are told, in the order of the calls. */
async function toldOf(policy: Policy, calls: number, answer: unknown = 'answer'): Promise<object[][]> {
  const call = policy(taking(100, answer));
  const told = Array.from({ length: calls }, () => {
    const events: object[] = [];
    track(call(context({ watch: (event) => events.push(event) })));
    return events;
  });
  await advance(1_000);
  return told;
}

test('the bulkhead tells a call that it waits, and that it waits no longer', async () => {
  const { policy } = createBulkhead({ maxInFlight: 1, maxQueued: 1, onEvent });
  expect(await toldOf(policy, 3)).toEqual([
    [],
    [{ type: 'queued' }, { type: 'admitted' }],
    [{ type: 'rejected', code: 'overloaded' }],
  ]);
});

test('sharing tells those who came later', async () => {
  const policy = coalesce({ keyOf: () => 'same', timeoutMs: 2_000, clock });
  expect(await toldOf(policy, 3)).toEqual([[], [{ type: 'shared' }], [{ type: 'shared' }]]);
});

test.each([
  ['answer', 'success'],
  [remoteError(503), 'failure'],
])(
  'the breaker tells in which state it let a call through, and what it made of the outcome: %s',
  async (answer, verdict) => {
    const { policy } = createBreaker({ clock, random: () => 0 });
    expect(await toldOf(policy, 1, answer)).toEqual([
      [
        { type: 'breaker_admitted', attempt: 1, state: 'closed' },
        { type: 'breaker_verdict', attempt: 1, verdict },
      ],
    ]);
  },
);
