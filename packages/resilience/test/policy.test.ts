import { expect, test } from 'vitest';
import { compose, none, type Policy } from '../src/index.ts';
import { context } from './virtual-time.ts';

test('the first policy composed is the outermost', async () => {
  const log: string[] = [];
  const tracing =
    (name: string): Policy =>
    (next) =>
    async (ctx) => {
      log.push(`enter ${name}`);
      try {
        return await next(ctx);
      } finally {
        log.push(`leave ${name}`);
      }
    };
  await compose(tracing('a'), tracing('b'))(async () => log.push('call'))(context());
  expect(log).toEqual(['enter a', 'enter b', 'call', 'leave b', 'leave a']);
});

test('`none` and an empty composition are the bare call', async () => {
  const call = async () => 'answer';
  expect(none(call)).toBe(call);
  expect(compose()(call)).toBe(call);
});
