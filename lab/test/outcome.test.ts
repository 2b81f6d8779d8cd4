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
  ['an old answer that says so', answer({ cacheStatus: 'halfopen; fwd=stale' }), 'degraded'],
  ['an old answer that is not right', answer({ cacheStatus: 'halfopen; fwd=stale', body: '{}' }), 'wrong'],
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

const order = { status: 200, jsonIncludes: { id: '{n}', customer: { name: 'A' }, items: [{ sku: 1 }, { sku: 2 }] } };
const items = '[{"sku":1,"at":5},{"sku":2}]';
test.each([
  ['members more', `{"id":"7","customer":{"name":"A","age":3},"items":${items},"at":"2026-01-01"}`, 'success'],
  ['another number of the arrival', `{"id":"8","customer":{"name":"A"},"items":${items}}`, 'wrong'],
  ['another value within', `{"id":"7","customer":{"name":"B"},"items":${items}}`, 'wrong'],
  ['a member that is missing', `{"id":"7","items":${items}}`, 'wrong'],
  ['null for a map', `{"id":"7","customer":null,"items":${items}}`, 'wrong'],
  ['a list that is longer', '{"id":"7","customer":{"name":"A"},"items":[{"sku":1},{"sku":2},{"sku":3}]}', 'wrong'],
  ['a list in another order', '{"id":"7","customer":{"name":"A"},"items":[{"sku":2},{"sku":1}]}', 'wrong'],
  ['a map for a list', '{"id":"7","customer":{"name":"A"},"items":{"0":{"sku":1},"1":{"sku":2}}}', 'wrong'],
  ['no JSON', '<html>', 'wrong'],
])('an answer of which a part is known: %s', (_what, body, expected) => {
  expect(outcomeOf(answer({ body }), order, 7)).toBe(expected);
});

test('what no map is must be the same', () => {
  expect(outcomeOf(answer({ body: '{"__proto__":{"a":1}}' }), { status: 200, jsonIncludes: { a: 1 } }, 7)).toBe(
    'wrong',
  );
  expect(outcomeOf(answer({ body: '{}' }), { status: 200, jsonIncludes: { constructor: {} } }, 7)).toBe('wrong');
  expect(outcomeOf(answer({ body: '1' }), { status: 200, jsonIncludes: null }, 7)).toBe('wrong');
  expect(outcomeOf(answer({ body: '1' }), { status: 200, json: null }, 7)).toBe('wrong');
  expect(outcomeOf(answer({ body: 'null' }), { status: 200, jsonIncludes: null }, 7)).toBe('success');
});
