import { greeterContract } from '@halfopen/greetings';
import { track, virtualTime } from '@halfopen/resilience/testing';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import {
  type CallError,
  type CallWatcher,
  createDownstream,
  type DownstreamOptions,
  type PolicyEvent,
  type Transport,
  type TransportResponse,
} from '../src/index.ts';
import { callMetrics, createExplanation } from '../src/observe/index.ts';

const hello: TransportResponse = {
  status: 200,
  contentType: 'application/json',
  contentEncoding: undefined,
  cacheControl: undefined,
  retryAfterMs: undefined,
  fault: undefined,
  body: new TextEncoder().encode('{"message":"Hello!"}'),
};

/** A greeter that takes so long, and stops when its caller leaves. */
function setup(options: DownstreamOptions) {
  const time = virtualTime();
  let tookMs = 0;
  let sent = 0;
  const send: Transport['send'] = (_request, { signal }) => {
    sent++;
    return new Promise((resolve, reject) => {
      time.clock.after(tookMs, () => resolve(hello));
      signal.addEventListener('abort', () => reject(signal.reason as CallError));
    });
  };
  const registry = new Registry();
  const events: PolicyEvent[] = [];
  const greeter = createDownstream(greeterContract, 'http://127.0.0.1:1', {
    clock: time.clock,
    random: () => 0,
    attempts: 1,
    observers: [callMetrics(registry, time.clock).forDownstream('greeter', greeterContract)],
    onEvent: (event) => events.push(event),
    transport: () => ({ send, forget: () => undefined, close: async () => undefined }),
    ...options,
  });
  const call = (withinMs = 2_000, watch?: CallWatcher) =>
    track(
      greeter.client.hello(
        { name: 'John' },
        { deadlineAt: time.clock.now() + withinMs, onStale: () => undefined, watch },
      ),
      time.clock,
    );
  return {
    greeter,
    time,
    registry,
    events,
    call,
    takes: (ms: number) => {
      tookMs = ms;
    },
    sent: () => sent,
  };
}

describe('a downstream', () => {
  test('with an adaptive limit shows it, in its status and as a metric', async () => {
    const { greeter, time, registry, call, takes } = setup({ adaptiveLimit: true, maxInFlight: 20 });
    expect(greeter.status()).toMatchObject({ limit: 20, maxInFlight: 20 });
    takes(60_000);
    for (let n = 0; n < 20; n++) call();
    await time.advance(500);
    expect(greeter.status().limit).toBe(7);
    expect(await registry.metrics()).toContain('client_in_flight_limit{downstream="greeter"} 7');
  });

  test('without one has the limit that was set, and says nothing of it in its status', async () => {
    const { greeter, registry } = setup({ maxInFlight: 20 });
    expect(greeter.status().limit).toBeUndefined();
    expect(await registry.metrics()).toContain('client_in_flight_limit{downstream="greeter"} 20');
  });

  test('with policy none has no limit', async () => {
    const { greeter, registry } = setup({ policy: 'none', adaptiveLimit: true });
    expect(greeter.status().limit).toBeUndefined();
    expect(await registry.metrics()).not.toContain('client_in_flight_limit{');
  });

  test('that counts abandoned attempts lets nobody take their places yet', async () => {
    const { time, call, takes, sent } = setup({ countAbandoned: true, maxInFlight: 2 });
    takes(60_000);
    call();
    call();
    await time.advance(500);
    call();
    call();
    await time.advance(0);
    expect(sent()).toBe(3);
    await time.advance(250);
    expect(sent()).toBe(4);
  });
});

describe('deadline admission in a downstream', () => {
  async function taught() {
    const all = setup({ deadlineAdmission: true, maxInFlight: 1 });
    all.takes(200);
    for (let n = 0; n < 20; n++) {
      all.call();
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await all.time.advance(200);
    }
    return all;
  }

  test('a call that waited too long for its place is not sent: counted, explained, and no breaker hears of it', async () => {
    const { greeter, time, registry, events, call, sent } = await taught();
    const explanation = createExplanation(time.clock, time.clock.now());
    const before = sent();
    call(700);
    call(700);
    const late = call(700, explanation.watchCall());
    await time.advance(400);
    // 300 of its 700 ms were left. Half of them are needed, because attempts usually take 200.
    expect([late.outcome, sent() - before]).toEqual(['deadline_exceeded', 2]);
    expect(events).toEqual([{ type: 'rejected', code: 'deadline_exceeded' }]);
    expect(await registry.metrics()).toContain(
      'client_rejected_total{downstream="greeter",code="deadline_exceeded"} 1',
    );
    expect(explanation.summary().calls).toMatchObject([
      { outcome: 'deadline_exceeded', rejected: ['deadline_exceeded'], attempts: [] },
    ]);
    expect(greeter.status().breaker).toBe('closed');
  });

  test('refused calls never open the breaker, however many', async () => {
    const { greeter, time, events, call } = await taught();
    for (let n = 0; n < 40; n++) {
      call(700);
      call(700);
      call(700);
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await time.advance(400);
    }
    expect(events).toEqual(Array.from({ length: 40 }, () => ({ type: 'rejected', code: 'deadline_exceeded' })));
    expect(greeter.status().breaker).toBe('closed');
  });

  test('is off by default', async () => {
    const { time, call, takes, sent } = setup({ maxInFlight: 1 });
    takes(200);
    for (let n = 0; n < 20; n++) {
      call();
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await time.advance(200);
    }
    call(500);
    call(500);
    await time.advance(300);
    expect(sent()).toBe(22);
  });
});
