import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CallContext, type Discovery, discover } from '../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const open: Discovery[] = [];
afterEach(() => {
  for (const discovery of open.splice(0)) discovery.close();
});

function setup(resolve: (name: string) => Promise<readonly string[]>, origins = ['http://greeter:5000']) {
  const seen: string[][] = [];
  const hosts: string[][] = [];
  const discovery = discover({
    origins,
    resolve,
    onChange: (endpoints) => {
      seen.push(endpoints.map(({ origin }) => origin));
      hosts.push(endpoints.map(({ host }) => host));
    },
  });
  open.push(discovery);
  return { discovery, seen, hosts };
}

const failing = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
const call = (signal = new AbortController().signal) => ({ signal }) as CallContext;

describe('discovery', () => {
  test('addresses and localhost are endpoints as they stand; nothing is looked up', async () => {
    const resolve = vi.fn<(name: string) => Promise<string[]>>(async () => []);
    const { seen } = setup(resolve, ['http://127.0.0.1:5000', 'http://[::1]:5000', 'http://localhost:5000']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toEqual([['http://127.0.0.1:5000', 'http://[::1]:5000', 'http://localhost:5000']]);
    expect(resolve).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a name stands for all its addresses, and keeps its name for the Host header', async () => {
    const { seen, hosts } = setup(async () => ['10.0.0.2', '10.0.0.1']);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([['http://10.0.0.1:5000', 'http://10.0.0.2:5000']]);
    expect(hosts).toEqual([['greeter:5000', 'greeter:5000']]);
  });

  test('addresses of two families: endpoints of one, which keep those of the other as alternatives', async () => {
    let addresses = ['10.0.0.2', 'fd00::2', '10.0.0.1', 'fd00::1'];
    const seen: unknown[] = [];
    const discovery = discover({
      origins: ['http://greeter:5000'],
      resolve: async () => addresses,
      onChange: (endpoints) => seen.push(endpoints),
    });
    open.push(discovery);
    const host = 'greeter:5000';
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([
      [
        { origin: 'http://10.0.0.1:5000', host, alternatives: ['fd00::1', 'fd00::2'] },
        { origin: 'http://10.0.0.2:5000', host, alternatives: ['fd00::2', 'fd00::1'] },
      ],
    ]);
    addresses = ['10.0.0.1', 'fd00::9'];
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen.at(-1)).toEqual([{ origin: 'http://10.0.0.1:5000', host, alternatives: ['fd00::9'] }]);
    addresses = ['fd00::9'];
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen.at(-1)).toEqual([{ origin: 'http://[fd00::9]:5000', host }]);
  });

  test('a changed address is followed within five seconds; no change is no news', async () => {
    let addresses = ['10.0.0.1'];
    const { seen } = setup(async () => addresses);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toHaveLength(1);
    addresses = ['10.0.0.9'];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen).toEqual([['http://10.0.0.1:5000'], ['http://10.0.0.9:5000']]);
  });

  test('a failure makes it look at once, but a storm of failures does not become one of look-ups', async () => {
    let looks = 0;
    let addresses = ['10.0.0.1'];
    const { discovery, seen } = setup(async () => {
      looks++;
      return addresses;
    });
    await vi.advanceTimersByTimeAsync(150);
    addresses = ['10.0.0.2'];
    for (let failure = 0; failure < 1_000; failure++) discovery.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.at(-1)).toEqual(['http://10.0.0.2:5000']);
    expect(looks).toBe(2);
  });

  test('a name server that knows of a death a little later is asked again', async () => {
    let addresses = ['10.0.0.1', '10.0.0.2'];
    const { discovery, seen } = setup(async () => addresses);
    await vi.advanceTimersByTimeAsync(50);
    discovery.refresh();
    await vi.advanceTimersByTimeAsync(120);
    addresses = ['10.0.0.1'];
    await vi.advanceTimersByTimeAsync(100);
    expect(seen.at(-1)).toEqual(['http://10.0.0.1:5000']);
  });

  test.each(['EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT'])(
    '%s changes nothing: the last addresses stay in use',
    async (code) => {
      const answers = [Promise.resolve(['10.0.0.1'])];
      const { seen } = setup(() => answers.shift() ?? failing(code));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(seen).toEqual([['http://10.0.0.1:5000']]);
    },
  );

  test('"no such name" is believed: nobody is there', async () => {
    const answers = [Promise.resolve(['10.0.0.1'])];
    const { seen } = setup(() => answers.shift() ?? failing('ENOTFOUND'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen.at(-1)).toEqual([]);
  });

  test('while nobody is there, calls are reason to look again: the first address is noticed within 100 ms', async () => {
    let isBack = false;
    const looked: number[] = [];
    const { discovery, seen } = setup(() => {
      looked.push(Date.now());
      return isBack ? Promise.resolve(['10.0.0.1']) : failing('ENOTFOUND');
    });
    const ask = discovery.policy(async () => 'answer');
    await ask(call());
    await vi.advanceTimersByTimeAsync(500);
    isBack = true;
    await vi.advanceTimersByTimeAsync(100);
    expect(seen).toEqual([['http://10.0.0.1:5000']]);
    // However many ask.
    isBack = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(seen.at(-1)).toEqual([]);
    looked.length = 0;
    for (let n = 0; n < 1_000; n++) {
      await ask(call());
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(looked.length).toBeLessThanOrEqual(12);
  });

  test('a resolver that hangs stalls no call and is asked again every ten seconds only', async () => {
    let looks = 0;
    const { discovery, seen } = setup(() => {
      looks++;
      return looks === 1 ? Promise.resolve(['10.0.0.1']) : new Promise(() => undefined);
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(7);
    expect(seen).toEqual([['http://10.0.0.1:5000']]);
    await expect(discovery.policy(async () => 'answer')(call())).resolves.toBe('answer');
  });

  test('an answer that never comes is not the last one: the name is followed again', async () => {
    const late = Promise.withResolvers<string[]>();
    const answers = [Promise.resolve(['10.0.0.1']), late.promise, Promise.resolve(['10.0.0.2'])];
    const { seen } = setup(() => answers.shift() ?? Promise.resolve(['10.0.0.2']));
    await vi.advanceTimersByTimeAsync(14_000);
    expect(seen.at(-1)).toEqual(['http://10.0.0.2:5000']);
    // When it does come, it is older than what is known.
    late.resolve(['10.0.0.1']);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([['http://10.0.0.1:5000'], ['http://10.0.0.2:5000']]);
  });

  test('an answer that comes late is better than none', async () => {
    const late = Promise.withResolvers<string[]>();
    const answers = [Promise.resolve(['10.0.0.1']), late.promise];
    const { seen } = setup(() => answers.shift() ?? new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(14_000);
    late.resolve(['10.0.0.2']);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.at(-1)).toEqual(['http://10.0.0.2:5000']);
  });

  test('calls wait for the first look, as long as their callers do', async () => {
    const answer = Promise.withResolvers<string[]>();
    const { discovery } = setup(() => answer.promise);
    const caller = new AbortController();
    let begun = 0;
    const begin = discovery.policy(async () => ++begun);
    const left = begin(call(caller.signal));
    const waiting = begin(call());
    caller.abort();
    await expect(left).rejects.toMatchObject({ code: 'cancelled' });
    expect(begun).toBe(0);
    answer.resolve(['10.0.0.1']);
    await expect(waiting).resolves.toBe(1);
  });

  test('a name that hangs keeps no call from an address that is known, nor from a name that has been found', async () => {
    const literal = setup(() => new Promise(() => undefined), ['http://127.0.0.1:5000', 'http://hang:5000']);
    await expect(literal.discovery.policy(async () => 'answer')(call())).resolves.toBe('answer');

    const found = Promise.withResolvers<string[]>();
    const two = setup(
      (name) => (name === 'found' ? found.promise : new Promise(() => undefined)),
      ['http://found:5000', 'http://hang:5000'],
    );
    const waiting = two.discovery.policy(async () => two.seen.at(-1))(call());
    found.resolve(['10.0.0.1']);
    await expect(waiting).resolves.toEqual(['http://10.0.0.1:5000']);
  });

  test('close ends the looking', async () => {
    const { discovery } = setup(async () => ['10.0.0.1']);
    await vi.advanceTimersByTimeAsync(0);
    discovery.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
