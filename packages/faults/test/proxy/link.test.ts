/** What each toxic does to the data of a connection, on virtual time and without a socket. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Link } from '../../src/proxy/link.ts';
import { Stage } from '../../src/proxy/stage.ts';
import { readToxic, readToxicUpdate, type Toxic } from '../../src/proxy/toxic.ts';
import { VirtualClock } from './virtual-clock.ts';

const subject = { seed: 1, proxy: 'p', connection: 1 };

interface Arrival {
  readonly atMs: number;
  readonly what: string;
}

function linkThrough(...specs: readonly object[]) {
  const clock = new VirtualClock();
  const toxics: Toxic[] = specs.map((spec) => readToxic(spec));
  const arrivals: Arrival[] = [];
  const delivered: Buffer[] = [];
  const note = (what: string) => arrivals.push({ atMs: Math.round(clock.nowMs() * 1_000) / 1_000, what });
  const state = { stalled: false, sourceWaits: false };
  const stage = (toxic: Toxic) => new Stage(toxic, subject, clock.nowMs());
  const link = new Link(
    toxics.map((toxic) => stage(toxic)),
    {
      hasRoom: () => !state.stalled,
      write: (bytes) => {
        delivered.push(bytes);
        note(bytes.length <= 20 ? bytes.toString() : `${bytes.length} bytes`);
      },
      end: () => note('end'),
      close: () => note('close'),
      reset: () => note('reset'),
    },
    clock,
    () => {
      state.sourceWaits = false;
    },
  );
  return {
    clock,
    link,
    arrivals,
    state,
    received: () => Buffer.concat(delivered),
    sizes: () => delivered.map(({ length }) => length),
    send: (bytes: string | Buffer) => {
      state.sourceWaits = !link.write(Buffer.from(bytes));
    },
    add: (spec: object) => {
      const toxic = readToxic(spec);
      toxics.push(toxic);
      link.add(stage(toxic));
    },
    update: (name: string, change: object) => {
      for (const toxic of toxics) if (toxic.name === name) Object.assign(toxic, readToxicUpdate(toxic, change));
      link.poke();
    },
  };
}

test('without toxics everything passes at once', () => {
  const { send, link, arrivals } = linkThrough();
  send('a');
  send('b');
  link.end();
  expect(arrivals.map(({ what }) => what)).toEqual(['a', 'b', 'end']);
});

describe('latency', () => {
  test('delays each chunk by as much, side by side, and the end not before the data', () => {
    const { clock, send, link, arrivals } = linkThrough({ type: 'latency', attributes: { latency: 100 } });
    send('a');
    clock.advance(40);
    send('b');
    link.end();
    clock.advance(200);
    expect(arrivals).toEqual([
      { atMs: 100, what: 'a' },
      { atMs: 140, what: 'b' },
      { atMs: 140, what: 'end' },
    ]);
  });

  test('adds up over several', () => {
    const { clock, send, arrivals } = linkThrough(
      { type: 'latency', name: 'one', attributes: { latency: 100 } },
      { type: 'latency', name: 'two', attributes: { latency: 30 } },
    );
    send('a');
    clock.advance(200);
    expect(arrivals).toEqual([{ atMs: 130, what: 'a' }]);
  });

  test('jitters by at most jitter, both ways, and never reorders', () => {
    const { clock, send, arrivals } = linkThrough({ type: 'latency', attributes: { latency: 100, jitter: 40 } });
    for (let sent = 0; sent < 300; sent += 1) {
      send(`${sent}`);
      clock.advance(500);
    }
    const delays = arrivals.map(({ atMs }, index) => atMs - index * 500);
    expect(arrivals.map(({ what }) => Number(what))).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(60);
    expect(Math.min(...delays)).toBeLessThan(65);
    expect(Math.max(...delays)).toBeLessThanOrEqual(140);
    expect(Math.max(...delays)).toBeGreaterThan(135);
  });

  test('a change holds for what is under way', () => {
    const { clock, send, update, arrivals } = linkThrough({ type: 'latency', attributes: { latency: 60_000 } });
    send('a');
    clock.advance(50);
    update('latency_downstream', { attributes: { latency: 70 } });
    clock.advance(100);
    expect(arrivals).toEqual([{ atMs: 70, what: 'a' }]);
  });

  test('longer than a timer can be is refused, not passed at once', () => {
    expect(() => linkThrough({ type: 'latency', attributes: { latency: 2 ** 31 } })).toThrow(
      'bad request body: attributes.latency: 2147483648 is not a whole number of milliseconds from 0 to 2147483647',
    );
  });
});

describe('bandwidth', () => {
  test('gives rate kilobytes a second, in pieces of at most 100 ms', () => {
    const { clock, send, arrivals, received } = linkThrough({ type: 'bandwidth', attributes: { rate: 10 } });
    send(Buffer.alloc(3_000));
    clock.advance(1_000);
    expect(arrivals).toEqual([
      { atMs: 100, what: '1000 bytes' },
      { atMs: 200, what: '1000 bytes' },
      { atMs: 300, what: '1000 bytes' },
    ]);
    expect(received()).toHaveLength(3_000);
  });

  test('keeps its rate over many small chunks', () => {
    const { clock, send, arrivals } = linkThrough({ type: 'bandwidth', attributes: { rate: 1_000 } });
    for (let sent = 0; sent < 50; sent += 1) send(Buffer.alloc(1_000));
    clock.advance(1_000);
    expect(arrivals.at(-1)).toEqual({ atMs: 50, what: '1000 bytes' });
  });

  test('an idle line saves nothing up', () => {
    const { clock, send, arrivals } = linkThrough({ type: 'bandwidth', attributes: { rate: 10 } });
    clock.advance(5_000);
    send(Buffer.alloc(1_000));
    clock.advance(1_000);
    expect(arrivals).toEqual([{ atMs: 5_100, what: '1000 bytes' }]);
  });

  test('rate 0 lets nothing through until it changes', () => {
    const { clock, send, update, arrivals } = linkThrough({ type: 'bandwidth' });
    send('0123456789');
    clock.advance(10_000);
    expect(arrivals).toEqual([]);
    update('bandwidth_downstream', { attributes: { rate: 1 } });
    clock.advance(100);
    expect(arrivals).toEqual([{ atMs: 10_010, what: '0123456789' }]);
  });

  test('a higher rate holds at once', () => {
    const { clock, send, update, arrivals } = linkThrough({ type: 'bandwidth', attributes: { rate: 1 } });
    send(Buffer.alloc(1_000));
    clock.advance(150);
    update('bandwidth_downstream', { attributes: { rate: 100 } });
    clock.advance(20);
    expect(arrivals).toEqual([
      { atMs: 100, what: '100 bytes' },
      { atMs: 159, what: '900 bytes' },
    ]);
  });
});

test('slow_close delays the end, not the data', () => {
  const { clock, send, link, arrivals } = linkThrough({ type: 'slow_close', attributes: { delay: 300 } });
  send('a');
  link.end();
  clock.advance(1_000);
  expect(arrivals).toEqual([
    { atMs: 0, what: 'a' },
    { atMs: 300, what: 'end' },
  ]);
});

describe('timeout', () => {
  test('drops all data and closes, counted from when it took hold', () => {
    const { clock, send, arrivals } = linkThrough({ type: 'timeout', attributes: { timeout: 500 } });
    clock.advance(300);
    send('lost');
    clock.advance(1_000);
    send('lost, too');
    expect(arrivals).toEqual([{ atMs: 500, what: 'close' }]);
    expect(clock.pending).toBe(0);
  });

  test('0 stays open and closes when it is removed: what it has dropped is missing', () => {
    const { clock, send, link, arrivals } = linkThrough({ type: 'timeout', attributes: { timeout: 0 } });
    send('lost');
    clock.advance(3_600_000);
    expect(arrivals).toEqual([]);
    link.remove('timeout_downstream');
    expect(arrivals.map(({ what }) => what)).toEqual(['close']);
  });

  test('removed where its toxicity spared the connection, it closes nothing', () => {
    const { send, link, arrivals } = linkThrough({ type: 'timeout', toxicity: 0 });
    send('a');
    link.remove('timeout_downstream');
    send('b');
    expect(arrivals.map(({ what }) => what)).toEqual(['a', 'b']);
  });
});

describe('reset_peer', () => {
  test('resets so long after the first data, which is lost', () => {
    const { clock, send, arrivals } = linkThrough({ type: 'reset_peer', attributes: { timeout: 200 } });
    clock.advance(1_000);
    expect(arrivals).toEqual([]);
    send('lost');
    clock.advance(50);
    send('lost, too');
    clock.advance(1_000);
    expect(arrivals).toEqual([{ atMs: 1_200, what: 'reset' }]);
  });

  test('leaves no timer behind of what another toxic held back', () => {
    const { clock, send, update, arrivals } = linkThrough(
      { type: 'reset_peer', toxicity: 0 },
      { type: 'latency', attributes: { latency: 60_000 } },
    );
    send('held');
    update('reset_peer_downstream', { toxicity: 1 });
    send('lost');
    expect(arrivals).toEqual([{ atMs: 0, what: 'reset' }]);
    expect(clock.pending).toBe(0);
  });

  test('0 resets at once', () => {
    const { send, arrivals } = linkThrough({ type: 'reset_peer' });
    send('lost');
    expect(arrivals).toEqual([{ atMs: 0, what: 'reset' }]);
  });
});

describe('slicer', () => {
  test('cuts into sizes around the average, delay microseconds apart', () => {
    const { clock, send, arrivals, sizes, received } = linkThrough({
      type: 'slicer',
      attributes: { average_size: 100, size_variation: 20, delay: 500 },
    });
    const sent = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251));
    send(sent);
    clock.advance(1_000);
    expect(received().equals(sent)).toBe(true);
    const cut = sizes().slice(0, -1);
    expect(Math.min(...cut)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...cut)).toBeLessThanOrEqual(120);
    expect(new Set(cut).size).toBeGreaterThan(10);
    expect(cut.length).toBeGreaterThan(90);
    expect(arrivals.map(({ atMs }) => atMs)).toEqual(arrivals.map((_, index) => index / 2));
  });

  test('an average size of 0 does not cut', () => {
    const { send, sizes } = linkThrough({ type: 'slicer' });
    send(Buffer.alloc(5_000));
    expect(sizes()).toEqual([5_000]);
  });
});

describe('limit_data', () => {
  test('closes after exactly so many bytes', () => {
    const { send, arrivals, received } = linkThrough({ type: 'limit_data', attributes: { bytes: 5 } });
    send('abc');
    send('def');
    send('ghi');
    expect(received().toString()).toBe('abcde');
    expect(arrivals.at(-1)?.what).toBe('close');
  });

  test('0 closes when data comes', () => {
    const { send, arrivals } = linkThrough({ type: 'limit_data' });
    expect(arrivals).toEqual([]);
    send('a');
    expect(arrivals.map(({ what }) => what)).toEqual(['close']);
  });

  test('a later toxic still delivers what has passed before the close', () => {
    const { clock, send, arrivals } = linkThrough(
      { type: 'limit_data', attributes: { bytes: 3 } },
      { type: 'latency', attributes: { latency: 100 } },
    );
    send('abcdef');
    clock.advance(1_000);
    expect(arrivals).toEqual([
      { atMs: 100, what: 'abc' },
      { atMs: 100, what: 'close' },
    ]);
  });
});

describe('back-pressure', () => {
  test.each([
    ['latency', { latency: 10 }, 16 * 2 ** 20],
    ['bandwidth', { rate: 1_000_000 }, 2 ** 16],
    ['slow_close', { delay: 10 }, 2 ** 16],
    ['slicer', { average_size: 1_000 }, 2 ** 16],
    ['limit_data', { bytes: 1e12 }, 2 ** 16],
  ])('a stalled reader makes %s stop its source, and it goes on afterwards', (type, attributes, boundBytes) => {
    const { clock, send, link, state, received } = linkThrough({ type, attributes });
    state.stalled = true;
    const chunk = Buffer.alloc(60_000, 'x');
    let sent = 0;
    while (!state.sourceWaits) {
      send(chunk);
      sent += chunk.length;
      clock.advance(1);
      expect(link.heldBytes).toBeLessThan(boundBytes + 2 * chunk.length);
    }
    expect(sent).toBeGreaterThanOrEqual(boundBytes - chunk.length);
    state.stalled = false;
    link.poke();
    clock.advance(10_000);
    expect(received()).toHaveLength(sent);
    expect(state.sourceWaits).toBe(false);
    expect(link.heldBytes).toBe(0);
  });

  test('chunks of one byte count for what they cost', () => {
    const { send, state } = linkThrough({ type: 'latency', attributes: { latency: 1_000 } });
    let sent = 0;
    for (; !state.sourceWaits; sent += 1) send('x');
    expect(sent).toBeLessThan(140_000);
  });
});

const passing = fc.oneof(
  fc.record({
    type: fc.constant('latency'),
    attributes: fc.record({ latency: fc.nat(50), jitter: fc.nat(80) }),
  }),
  fc.record({ type: fc.constant('bandwidth'), attributes: fc.record({ rate: fc.integer({ min: 1, max: 500 }) }) }),
  fc.record({
    type: fc.constant('slicer'),
    attributes: fc.record({ average_size: fc.nat(50), size_variation: fc.nat(80), delay: fc.nat(3_000) }),
  }),
  fc.record({ type: fc.constant('slow_close'), attributes: fc.record({ delay: fc.nat(50) }) }),
);
const toxic = fc
  .tuple(passing, fc.constantFrom(0, 0.5, 1))
  .map(([spec, toxicity]) => ({ ...spec, toxicity, name: '' }));
const action = fc.oneof(
  fc.record({ do: fc.constant('send' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(30) }),
  fc.record({ do: fc.constant('add' as const), toxic }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('stall' as const), stalled: fc.boolean() }),
);

test('whatever passes, while toxics come and go and the reader stalls: the same bytes in the same order, then the end', () => {
  fc.assert(
    fc.property(fc.array(toxic, { maxLength: 4 }), fc.array(action, { maxLength: 40 }), (chain, actions) => {
      const named = chain.map((spec, index) => ({ ...spec, name: `t${index}` }));
      const names = named.map(({ name }) => name);
      const { clock, link, send, add, state, received, arrivals } = linkThrough(...named);
      const sent: Uint8Array[] = [];
      for (const next of actions) {
        if (next.do === 'send') {
          sent.push(next.bytes);
          send(Buffer.from(next.bytes));
        } else if (next.do === 'wait') {
          clock.advance(next.ms);
        } else if (next.do === 'add') {
          const name = `t${names.length}`;
          names.push(name);
          add({ ...next.toxic, name });
        } else if (next.do === 'remove') {
          link.remove(names[next.which] ?? '');
        } else {
          state.stalled = next.stalled;
          link.poke();
        }
      }
      link.end();
      state.stalled = false;
      link.poke();
      clock.advance(100_000);
      expect(received().equals(Buffer.concat(sent))).toBe(true);
      expect(arrivals.filter(({ what }) => what === 'end')).toHaveLength(1);
      expect(arrivals.at(-1)?.what).toBe('end');
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 500 },
  );
});
