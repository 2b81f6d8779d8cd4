import { describe, expect, test } from 'vitest';
import { createBalancer, type EndpointGuard, none, type PolicyEvent, type RecentOutcomes } from '../src/index.ts';
import { chance, context, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance } = useVirtualTime();

const at = (...names: string[]) => names.map((name) => ({ origin: `http://${name}`, host: name }));

function setup(names: string[], { maxLeftOut = 0.5, random = chance() } = {}) {
  const down = new Set<string>();
  const recent = new Map<string, RecentOutcomes>();
  const events: PolicyEvent[] = [];
  const closed: string[] = [];
  const wrapped: string[] = [];
  let made = 0;
  const balancer = createBalancer<EndpointGuard>({
    guard: ({ origin }) => {
      made++;
      return {
        policy: (next) => {
          wrapped.push(origin);
          return none(next);
        },
        get admits() {
          return !down.has(origin);
        },
        get recent() {
          return recent.get(origin) ?? { outcomes: 0, failures: 0 };
        },
        forget: () => recent.delete(origin),
        close: () => closed.push(origin),
      };
    },
    maxLeftOut,
    minimumOutcomes: 20,
    onEvent: (event) => events.push(event),
    clock,
    random,
  });
  /** What the endpoint has answered since it was asked last: `failures` of `outcomes`. */
  const answered = (host: string, failures: number, outcomes = 100) =>
    recent.set(`http://${host}`, { outcomes, failures });
  balancer.update(at(...names));
  const where = balancer.policy(async ({ endpoint }) => endpoint?.host ?? '');
  const shares = async (calls: number) => {
    const hits = new Map<string, number>();
    for (let i = 0; i < calls; i++) {
      const host = await where(context());
      hits.set(host, (hits.get(host) ?? 0) + 1);
    }
    return Object.fromEntries(
      [...hits].toSorted(([a], [b]) => a.localeCompare(b)).map(([host, count]) => [host, count / calls]),
    );
  };
  return { balancer, down, answered, events, closed, wrapped, shares, where, made: () => made };
}

describe('balancer', () => {
  test('without load, everybody gets the same', async () => {
    const { shares } = setup(['a', 'b', 'c']);
    for (const share of Object.values(await shares(3_000))) expect(share).toBeCloseTo(1 / 3, 1);
  });

  test('of two, the one with fewer requests in flight: a slow endpoint gets little', async () => {
    const { balancer } = setup(['a', 'b', 'slow']);
    const hits: string[] = [];
    const call = balancer.policy((ctx) => {
      hits.push(ctx.endpoint?.host ?? '');
      return taking(ctx.endpoint?.host === 'slow' ? 500 : 5, 'answer')(ctx);
    });
    for (let ms = 0; ms < 2_000; ms += 5) {
      track(call(context()));
      await advance(5);
    }
    expect(hits.filter((host) => host === 'slow').length / hits.length).toBeLessThan(0.05);
  });

  test('tells whether another endpoint than those tried would take an attempt: one that admits and is not ejected', async () => {
    const { balancer, down, answered, shares } = setup(['a', 'b', 'c']);
    const tried = new Set(['http://a', 'http://b']);
    expect([balancer.admitsBeside(tried), balancer.admitsBeside(new Set())]).toEqual([true, true]);
    down.add('http://c');
    expect(balancer.admitsBeside(tried)).toBe(false);
    down.delete('http://c');
    answered('c', 90);
    answered('a', 0);
    answered('b', 0);
    await shares(1);
    expect(balancer.admitsBeside(tried)).toBe(false);
    await advance(2_000);
    expect(balancer.admitsBeside(tried)).toBe(true);
  });

  test('an endpoint that does not admit is left out', async () => {
    const { shares, down } = setup(['a', 'b', 'c']);
    down.add('http://b');
    expect(Object.keys(await shares(500))).toEqual(['a', 'c']);
    down.clear();
    expect(Object.keys(await shares(500))).toEqual(['a', 'b', 'c']);
  });

  test('the second of two is any of the others', async () => {
    const draws = [0, 0.99];
    let drawn = 0;
    const { balancer } = setup(['a', 'b', 'c', 'idle'], { random: () => draws[drawn++ % 2] ?? 0 });
    const busy = balancer.policy(taking(1_000, 'answer'));
    for (let call = 0; call < 2; call++) track(busy(context({ tried: new Set(['http://idle']) })));
    expect(balancer.endpoints.map(({ inFlight }) => inFlight)).toEqual([1, 0, 1, 0]);
    track(busy(context()));
    expect(balancer.endpoints.map(({ inFlight }) => inFlight)).toEqual([1, 0, 1, 1]);
    await advance(1_000);
  });

  test('one that fails far more than the others is left out, and that is told', async () => {
    const { shares, answered, events } = setup(['a', 'b', 'gray']);
    answered('gray', 30);
    answered('a', 10);
    expect(Object.keys(await shares(500))).toEqual(['a', 'b']);
    expect(events).toEqual([{ type: 'ejection', endpoint: 'http://gray', forMs: 2_000, outcomes: 100, failures: 30 }]);
  });

  test('few outcomes say nothing', async () => {
    const { shares, answered } = setup(['a', 'b', 'c']);
    answered('c', 19, 19);
    expect(Object.keys(await shares(500))).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['a twentieth, where the others do not fail', { a: 0, b: 0, gray: 5 }],
    ['twice as much as the others, where that is no chance', { a: 15, b: 15, gray: 30 }],
    ['one of two', { b: 10, gray: 50 }],
  ])('far more is: %s', async (_what, failures) => {
    const { shares, answered } = setup(Object.keys(failures));
    for (const [host, ofHundred] of Object.entries(failures)) answered(host, ofHundred);
    expect(Object.keys(await shares(500))).not.toContain('gray');
  });

  test('of more outliers than may be left out, so many are', async () => {
    const { shares, answered } = setup(['a', 'gray', 'grey']);
    answered('a', 0);
    answered('gray', 90);
    answered('grey', 90);
    expect(Object.keys(await shares(500))).toEqual(['a', 'grey']);
  });

  test('an outlier is tried again after two seconds, then four; one that has behaved begins anew', async () => {
    const { shares, answered } = setup(['a', 'b', 'gray']);
    const isOut = async () => !Object.keys(await shares(500)).includes('gray');
    for (const outMs of [2_000, 4_000, 6_000, 8_000, 10_000, 10_000]) {
      answered('gray', 40);
      expect(await isOut()).toBe(true);
      await advance(outMs - 1);
      expect(await isOut()).toBe(true);
      await advance(1);
      expect(await isOut()).toBe(false);
    }
    await advance(30_001);
    answered('gray', 40);
    expect(await isOut()).toBe(true);
    await advance(2_000);
    expect(await isOut()).toBe(false);
  });

  describe('on probation, after it was left out', () => {
    const left = async (why: 'does not admit' | 'fails') => {
      const parts = setup(['a', 'b', 'back']);
      if (why === 'fails') parts.answered('back', 50);
      else parts.down.add('http://back');
      await parts.shares(10);
      parts.down.clear();
      await advance(2_000);
      return parts;
    };

    test.each(['does not admit', 'fails'] as const)('one that %s gets a trickle of the calls', async (why) => {
      const { shares } = await left(why);
      const { back = 0 } = await shares(3_000);
      expect(back).toBeGreaterThan(0.01);
      expect(back).toBeLessThan(0.1);
    });

    test('it gets its share again after thirty outcomes', async () => {
      const { shares, answered } = await left('fails');
      answered('back', 0, 29);
      expect((await shares(1_000)).back).toBeLessThan(0.1);
      answered('back', 0, 30);
      expect((await shares(1_000)).back).toBeCloseTo(1 / 3, 1);
    });

    test('where the others are well, its first answer is enough to leave it out again, if that is a failure', async () => {
      const { shares, answered } = await left('fails');
      answered('a', 4);
      answered('back', 1, 1);
      expect(Object.keys(await shares(1_000))).toEqual(['a', 'b']);
    });

    test('two failures are enough; one is not where the others fail, too, nor after a success, nor are two of many', async () => {
      const { shares, answered } = await left('fails');
      answered('a', 5);
      answered('back', 1, 1);
      expect(Object.keys(await shares(1_000))).toContain('back');
      answered('a', 0);
      answered('back', 1, 2);
      expect(Object.keys(await shares(1_000))).toContain('back');
      answered('back', 2, 21);
      expect(Object.keys(await shares(1_000))).toContain('back');
      answered('back', 2, 20);
      expect(Object.keys(await shares(1_000))).toEqual(['a', 'b']);
    });

    test('two failures are not enough where the others fail, too', async () => {
      const { shares, answered } = await left('fails');
      answered('a', 30);
      answered('b', 30);
      answered('back', 2, 4);
      expect(Object.keys(await shares(1_000))).toContain('back');
      answered('back', 3, 4);
      expect(Object.keys(await shares(1_000))).toEqual(['a', 'b']);
    });

    test('where most are, nobody waits: the few others would drown', async () => {
      const { shares, down } = setup(['a', 'b', 'c']);
      down.add('http://a').add('http://b').add('http://c');
      await shares(10);
      down.clear();
      for (const share of Object.values(await shares(3_000))) expect(share).toBeCloseTo(1 / 3, 1);
    });
  });

  test.each([
    ['all fail alike', 50, 50, 50],
    ['it fails rarely', 0, 0, 4],
    ['it fails twice as often, which may be chance', 4, 4, 8],
    ['the others fail more than half as often', 30, 30, 50],
  ])('nobody is left out when %s', async (_what, a, b, c) => {
    const { shares, answered } = setup(['a', 'b', 'c']);
    answered('a', a);
    answered('b', b);
    answered('c', c);
    expect(Object.keys(await shares(500))).toEqual(['a', 'b', 'c']);
  });

  test('never so many are left out that the rest would drown', async () => {
    const { shares, down } = setup(['a', 'b', 'c']);
    down.add('http://a').add('http://b');
    expect(Object.keys(await shares(500))).toEqual(['a', 'b', 'c']);
  });

  test('a retry goes elsewhere, as long as there is another', async () => {
    const { where } = setup(['a', 'b', 'c']);
    for (let i = 0; i < 50; i++) {
      const ctx = context();
      const visited = [await where(ctx), await where(ctx), await where(ctx)];
      expect(new Set(visited).size).toBe(3);
      expect(['a', 'b', 'c']).toContain(await where(ctx));
    }
  });

  test('a retry that has been everywhere does not go to one that is left out', async () => {
    const { where, down } = setup(['a', 'b', 'down']);
    down.add('http://down');
    for (let i = 0; i < 50; i++) {
      const ctx = context();
      for (let attempt = 0; attempt < 4; attempt++) expect(await where(ctx)).not.toBe('down');
    }
  });

  test('where all may be left out, and all are, a call still goes to one and hears why', async () => {
    const { where, down } = setup(['a', 'b'], { maxLeftOut: 1 });
    down.add('http://a').add('http://b');
    expect(['a', 'b']).toContain(await where(context()));
  });

  test('a guard wraps the call once, not once a call: what it keeps there lives as long as the endpoint', async () => {
    const { wrapped, shares } = setup(['a', 'b']);
    await shares(100);
    expect(wrapped.toSorted()).toEqual(['http://a', 'http://b']);
  });

  test('with one endpoint a retry goes there again', async () => {
    const { where } = setup(['a']);
    const ctx = context();
    expect([await where(ctx), await where(ctx)]).toEqual(['a', 'a']);
  });

  test('no endpoint: unreachable, never sent', async () => {
    const { balancer, where } = setup(['a']);
    balancer.update([]);
    await expect(where(context())).rejects.toMatchObject({
      code: 'unreachable',
      sent: 'never',
      final: true,
      message: expect.stringContaining('no endpoint'),
    });
  });

  test('where most do not admit, they do not draw the calls of the one that works', async () => {
    const { balancer, down } = setup(['a', 'b', 'well']);
    down.add('http://a').add('http://b');
    const hits: string[] = [];
    const call = balancer.policy((ctx) => {
      hits.push(ctx.endpoint?.host ?? '');
      return taking(ctx.endpoint?.host === 'well' ? 20 : 0, 'answer')(ctx);
    });
    for (let ms = 0; ms < 4_000; ms += 4) {
      track(call(context()));
      await advance(4);
    }
    expect(hits.filter((host) => host === 'well').length / hits.length).toBeGreaterThan(0.28);
  });

  test('endpoints that stay keep their guard, those that go are closed', async () => {
    const { balancer, closed, made, shares } = setup(['a', 'b']);
    balancer.update(at('b', 'c'));
    expect([closed, made()]).toEqual([['http://a'], 3]);
    expect(Object.keys(await shares(200))).toEqual(['b', 'c']);
  });

  test('counts what is in flight, also after failures', async () => {
    const { balancer } = setup(['a']);
    const call = balancer.policy(taking(100, new Error('no')));
    const seen = track(call(context()));
    await advance(0);
    expect(balancer.endpoints.map(({ inFlight }) => inFlight)).toEqual([1]);
    await advance(100);
    expect(seen.outcome).toBeInstanceOf(Error);
    expect(balancer.endpoints.map(({ inFlight }) => inFlight)).toEqual([0]);
  });
});
