import { describe, expect, test } from 'vitest';
import {
  constant,
  createServer,
  createWorld,
  type Effect,
  type Request,
  type ServerOptions,
  type World,
} from '../src/index.ts';

interface Seen {
  readonly request: Request;
  /** What became of it, and when. */
  outcome: string | undefined;
  readonly leave: () => void;
}

/** A server on its own, and requests by hand. */
function serverAlone(options: Partial<ServerOptions> = {}) {
  const world = createWorld(1);
  const server = createServer(world, { name: 'server', workers: 1, service: constant(10), ...options });
  const seen: Seen[] = [];
  const sendAt = (atMs: number, changes: Partial<Request> = {}) => {
    let isAbandoned = false;
    let tell = () => {};
    const one: Seen = {
      outcome: undefined,
      leave: () => {
        isAbandoned = true;
        tell();
      },
      request: {
        id: `${seen.length}`,
        attempt: 1,
        deadlineAt: Number.POSITIVE_INFINITY,
        get isAbandoned() {
          return isAbandoned;
        },
        onAbandoned: (listener) => {
          tell = listener;
        },
        respond: ({ status }) => {
          one.outcome = `${status} at ${world.nowMs}`;
        },
        reset: () => {
          one.outcome = `reset at ${world.nowMs}`;
        },
        refuse: () => {
          one.outcome = `refused at ${world.nowMs}`;
        },
        ...changes,
      },
    };
    seen.push(one);
    world.at(atMs, () => server.receive(one.request));
    return one;
  };
  const outcomes = async () => {
    await world.run();
    return seen.map(({ outcome }) => outcome);
  };
  return { world, server, sendAt, outcomes };
}

const during = (
  world: World,
  server: ReturnType<typeof createServer>,
  fromMs: number,
  toMs: number,
  effect: Effect,
) => {
  world.at(fromMs, () => world.at(toMs, server.suffer(effect)));
};

describe('a queue', () => {
  test('first come, first served', async () => {
    const { sendAt, outcomes } = serverAlone();
    for (const atMs of [0, 1, 2]) sendAt(atMs);
    expect(await outcomes()).toEqual(['200 at 10', '200 at 20', '200 at 30']);
  });

  test('the newest first', async () => {
    const { sendAt, outcomes } = serverAlone({ discipline: 'lifo' });
    for (const atMs of [0, 1, 2]) sendAt(atMs);
    expect(await outcomes()).toEqual(['200 at 10', '200 at 30', '200 at 20']);
  });

  test('several workers work side by side', async () => {
    const { sendAt, outcomes } = serverAlone({ workers: 2 });
    for (const atMs of [0, 1, 2]) sendAt(atMs);
    expect(await outcomes()).toEqual(['200 at 10', '200 at 11', '200 at 20']);
  });

  test('a full one refuses the newest, first come, first served', async () => {
    const { sendAt, outcomes } = serverAlone({ maxQueued: 1 });
    for (const atMs of [0, 1, 2]) sendAt(atMs);
    expect(await outcomes()).toEqual(['200 at 10', '200 at 20', '503 at 2']);
  });

  test('a full one refuses the oldest, the newest first', async () => {
    const { sendAt, outcomes } = serverAlone({ discipline: 'lifo', maxQueued: 1 });
    for (const atMs of [0, 1, 2]) sendAt(atMs);
    expect(await outcomes()).toEqual(['200 at 10', '503 at 2', '200 at 20']);
  });

  test('processor sharing: two take twice as long, and what is left of the first goes on at full speed', async () => {
    const { sendAt, outcomes } = serverAlone({ discipline: 'processor_sharing' });
    sendAt(0);
    sendAt(5);
    // 5 ms alone, 10 ms for the other half of the first; the second has 5 ms left then.
    expect(await outcomes()).toEqual(['200 at 15', '200 at 20']);
  });

  test('a worker that hands over late is overtaken by newcomers', async () => {
    const { sendAt, outcomes } = serverAlone({ handOverMs: 2 });
    for (const atMs of [0, 1, 11]) sendAt(atMs);
    expect(await outcomes()).toEqual(['200 at 10', '200 at 33', '200 at 21']);
  });

  test('serves callers who have left, unless it drops what has expired', async () => {
    const usual = serverAlone();
    usual.sendAt(0);
    const left = usual.sendAt(1);
    usual.world.at(2, left.leave);
    expect(await usual.outcomes()).toEqual(['200 at 10', undefined]);
    expect([usual.server.wasted, usual.world.nowMs]).toEqual([1, 20]);

    const careful = serverAlone({ dropsExpired: true });
    careful.sendAt(0);
    careful.sendAt(1, { deadlineAt: careful.world.clock.now() + 5 });
    careful.sendAt(2);
    expect(await careful.outcomes()).toEqual(['200 at 10', undefined, '200 at 20']);
  });

  test.each(['fifo', 'processor_sharing'] as const)(
    'work that is given up makes room at once (%s)',
    async (discipline) => {
      const { world, server, sendAt, outcomes } = serverAlone({ stopsAbandonedWork: true, discipline });
      const left = sendAt(0);
      sendAt(1);
      world.at(4, left.leave);
      const shared = discipline === 'processor_sharing';
      // Shared, the second has had 1.5 ms of work when the first leaves.
      expect(await outcomes()).toEqual([undefined, shared ? '200 at 12.5' : '200 at 14']);
      expect([server.inProgress, server.wasted]).toEqual([0, 0]);
    },
  );

  test('admission: whoever has left the queue is not served', async () => {
    const { world, server, sendAt, outcomes } = serverAlone({ discipline: 'admission' });
    sendAt(0);
    const left = sendAt(1);
    sendAt(2);
    world.at(3, left.leave);
    expect(await outcomes()).toEqual(['200 at 10', undefined, '200 at 20']);
    expect(server.wasted).toBe(0);
  });

  test('becomes slower, and fails more, with what it has to do', async () => {
    const slower = serverAlone({ workers: 3, slowsBy: ({ inProgress }) => 5 * inProgress });
    for (const atMs of [0, 0, 0]) slower.sendAt(atMs);
    expect(await slower.outcomes()).toEqual(['200 at 15', '200 at 20', '200 at 25']);

    const failing = serverAlone({ failsAt: ({ inProgress }) => inProgress });
    for (const atMs of [0, 1, 11]) failing.sendAt(atMs);
    expect(await failing.outcomes()).toEqual(['200 at 10', '503 at 1', '200 at 21']);
  });
});

describe('a fault', () => {
  test('stop: work stands still, requests wait, and all goes on', async () => {
    for (const discipline of ['fifo', 'processor_sharing'] as const) {
      const { world, server, sendAt, outcomes } = serverAlone({ discipline });
      sendAt(0);
      sendAt(50);
      during(world, server, 4, 100, { kind: 'stop' });
      // 6 ms are left of the first; shared, they take twice as long.
      expect(await outcomes()).toEqual(
        discipline === 'fifo' ? ['200 at 106', '200 at 116'] : ['200 at 112', '200 at 116'],
      );
    }
  });

  test('stop, twice during one request', async () => {
    const { world, server, sendAt, outcomes } = serverAlone();
    sendAt(0);
    during(world, server, 2, 5, { kind: 'stop' });
    during(world, server, 7, 30, { kind: 'stop' });
    // 2 ms, 2 ms, and 6 ms.
    expect(await outcomes()).toEqual(['200 at 36']);
  });

  test('stop: whoever leaves meanwhile is noticed when it goes on', async () => {
    const { world, server, sendAt, outcomes } = serverAlone({ stopsAbandonedWork: true });
    const left = sendAt(0);
    sendAt(1);
    during(world, server, 4, 100, { kind: 'stop' });
    world.at(50, left.leave);
    expect(await outcomes()).toEqual([undefined, '200 at 110']);
  });

  test('stop: work for somebody who has left before it begins ends at once', async () => {
    const { world, server, sendAt, outcomes } = serverAlone({ stopsAbandonedWork: true });
    during(world, server, 1, 100, { kind: 'stop' });
    const left = sendAt(2);
    sendAt(3);
    world.at(50, left.leave);
    expect(await outcomes()).toEqual([undefined, '200 at 110']);
  });

  test.each([
    [{ kind: 'refuse' }, 'refused at 5', 1],
    [{ kind: 'drop' }, undefined, 1],
    [{ kind: 'reset' }, 'reset at 5', 2],
    [{ kind: 'error' }, '503 at 5', 2],
    [{ kind: 'error', status: 500 }, '500 at 5', 2],
    [{ kind: 'slow', factor: 3 }, '200 at 35', 2],
    [{ kind: 'delay', ms: 100 }, '200 at 115', 2],
  ] as const)('%o', async (effect, outcome, received) => {
    const { world, server, sendAt, outcomes } = serverAlone();
    during(world, server, 1, 6, effect);
    sendAt(5);
    sendAt(200);
    expect(await outcomes()).toEqual([outcome, '200 at 210']);
    expect(server.received).toBe(received);
  });

  test.each(['error', 'reset', 'drop', 'delay'] as const)('%s hits its share of the attempts', async (kind) => {
    const { world, server, sendAt, outcomes } = serverAlone({ workers: 5_000 });
    during(world, server, 0, 100, { kind, share: 0.3, ms: 50 });
    for (let n = 0; n < 4_000; n++) sendAt(1);
    const well = (await outcomes()).filter((outcome) => outcome === '200 at 11').length;
    // Four standard deviations.
    expect(Math.abs(well / 4_000 - 0.7)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 4_000));
  });
});

test('a server without workers is refused', () => {
  expect(() => serverAlone({ workers: 0 })).toThrow('workers is 0, but must be a whole number of at least 1');
});
