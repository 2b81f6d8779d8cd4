import { expect, test } from 'vitest';
import { outcomeOf } from '../src/load/outcome.ts';

const greeting = { status: 200, json: { message: 'Hello, caller-{n}!' } };
const answer = (over: { status?: number; body?: string; cacheStatus?: string } = {}) => ({
  status: 200,
  body: '{"message":"Hello, caller-7!"}',
  cacheStatus: undefined,
  ...over,
});

test.each([
  ['the right answer', answer(), 'success'],
  ['the right answer, other white space', answer({ body: '{ "message": "Hello, caller-7!" }' }), 'success'],
  ["somebody else's greeting", answer({ body: '{"message":"Hello, caller-8!"}' }), 'wrong'],
  ['a member too many', answer({ body: '{"message":"Hello, caller-7!","debug":true}' }), 'wrong'],
  ['no JSON', answer({ body: '<html>' }), 'wrong'],
  ['an old answer that says so', answer({ cacheStatus: 'halfopen; hit; fwd=stale' }), 'degraded'],
  ['an old answer that is not right', answer({ cacheStatus: 'halfopen; hit; fwd=stale', body: '{}' }), 'wrong'],
  ['a fresh answer from a cache', answer({ cacheStatus: 'halfopen; hit' }), 'success'],
  ['a problem', answer({ status: 503 }), 'failed'],
])('%s', (_what, given, expected) => {
  expect(outcomeOf(given, greeting, 7)).toBe(expected);
});

test('without a body to expect the status decides', () => {
  expect(outcomeOf(answer({ status: 204, body: '' }), { status: 204 }, 7)).toBe('success');
  expect(outcomeOf(answer({ body: 'pong 7' }), { status: 200, text: 'pong {n}' }, 7)).toBe('success');
  expect(outcomeOf(answer({ body: 'pong 8' }), { status: 200, text: 'pong {n}' }, 7)).toBe('wrong');
});
