import { CallError, callContext, isCallError, type TransportResponse } from '@halfopen/client';
import { expect, test } from 'vitest';
import { constant, createServer, createWorld, type Effect, simulatedTransport, uniform } from '../src/index.ts';

const ORIGIN = 'http://10.0.0.1:5000';

/** A server of 10 ms, 2 ms away. */
function overTheNetwork(delay = constant(2)) {
  const world = createWorld(1);
  const server = createServer(world, { name: 'server', workers: 10, service: constant(10) });
  const make = simulatedTransport(world, { name: 'client', servers: new Map([[ORIGIN, server]]), network: { delay } });
  const transport = make(ORIGIN, {});
  const ended: string[] = [];
  const send = (changes: Parameters<typeof callContext>[0] = {}) => {
    transport.send({ method: 'GET', target: '/safe' }, callContext(changes)).then(
      ({ status }: TransportResponse) => ended.push(`${status} at ${world.nowMs}`),
      (error: unknown) =>
        ended.push(isCallError(error) ? `${error.code}, sent ${error.sent}, at ${world.nowMs}` : String(error)),
    );
  };
  const suffer = (effect: Effect) => server.suffer(effect);
  return { world, server, send, suffer, ended };
}

test('an answer takes the way there, the service and the way back', async () => {
  const { world, send, ended } = overTheNetwork();
  send();
  await world.run();
  expect(ended).toEqual(['200 at 14']);
});

test('a refused connection was never sent, a broken one perhaps; a failure is answered', async () => {
  for (const [effect, outcome] of [
    [{ kind: 'refuse' }, 'unreachable, sent never, at 4'],
    [{ kind: 'reset' }, 'connection_lost, sent perhaps, at 4'],
    [{ kind: 'error', status: 500 }, '500 at 4'],
  ] as const) {
    const { world, send, suffer, ended } = overTheNetwork();
    suffer(effect);
    send();
    await world.run();
    expect(ended).toEqual([outcome]);
  }
});

test('an attempt that is aborted ends at once; the server works on, and hears of it when the news arrives', async () => {
  const { world, server, send, ended } = overTheNetwork();
  const controller = new AbortController();
  send({ signal: controller.signal });
  world.at(5, () => controller.abort(new CallError('attempt_timeout', 'too slow', { sent: 'perhaps' })));
  await world.run();
  expect(ended).toEqual(['attempt_timeout, sent perhaps, at 5']);
  expect([server.received, server.served, server.wasted]).toEqual([1, 0, 1]);
});

test('an abort whose news comes after the answer was sent wastes nothing that the server knows of', async () => {
  const { world, server, send, ended } = overTheNetwork();
  const controller = new AbortController();
  send({ signal: controller.signal });
  world.at(11, () => controller.abort());
  await world.run();
  expect(ended).toEqual(['cancelled, sent perhaps, at 11']);
  expect([server.served, server.wasted]).toEqual([1, 0]);
});

test('nothing is sent that was aborted before, or has no time left', async () => {
  const { world, server, send, ended } = overTheNetwork();
  send({ signal: AbortSignal.abort() });
  send({ deadlineAt: world.clock.now() + 0.5 });
  await world.run();
  expect(ended).toEqual(['cancelled, sent perhaps, at 0', 'deadline_exceeded, sent never, at 0']);
  expect(server.received).toBe(0);
});

test('delays belong to the attempt, whoever else is on the way', async () => {
  const arrivalOf = async (others: number) => {
    const { world, send, ended } = overTheNetwork(uniform(1, 5));
    for (let n = 0; n < others; n++) send({ headers: { 'x-request-id': `other ${n}` } });
    await world.run(100);
    ended.length = 0;
    send({ headers: { 'x-request-id': 'mine' } });
    const beganMs = world.nowMs;
    await world.run();
    return Number(ended[0]?.replace(/.* at /, '')) - beganMs;
  };
  const alone = await arrivalOf(0);
  expect(alone).toBeGreaterThan(12);
  expect(await arrivalOf(0)).toBe(alone);
  // The moments differ, so the last digits may.
  expect(await arrivalOf(5)).toBeCloseTo(alone, 6);
});
