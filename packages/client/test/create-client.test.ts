import { defineContract, defineOperation } from '@halfopen/contracts';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { type CallContext, createClient, type Policy, type Transport, type TransportResponse } from '../src/index.ts';

const contract = defineContract({
  name: 'shop',
  title: 'Shop',
  description: 'For tests.',
  version: '1.0.0',
  operations: {
    find: defineOperation({
      name: 'find',
      method: 'GET',
      path: '/find',
      safety: 'safe',
      summary: 'Finds',
      query: z.object({ id: z.string().trim().min(1), page: z.number().optional() }),
      response: z.object({ price: z.number() }),
      problems: [],
    }),
    order: defineOperation({
      name: 'order',
      method: 'POST',
      path: '/order',
      safety: 'unsafe',
      summary: 'Orders',
      query: z.object({}),
      response: z.object({ number: z.string() }),
      problems: [],
    }),
  },
});

const ok = (body: string, contentType = 'application/json'): TransportResponse => ({
  status: 200,
  contentType,
  contentEncoding: undefined,
  cacheControl: undefined,
  retryAfterMs: undefined,
  fault: undefined,
  body: new TextEncoder().encode(body),
});

function setup(response: TransportResponse = ok('{"price":1}'), policy?: Policy) {
  const sent: { method: string; target: string; context: CallContext }[] = [];
  const transport: Transport = {
    async send(request, context) {
      sent.push({ ...request, context });
      return response;
    },
  };
  return { client: createClient(contract, transport, policy), sent };
}

describe('client', () => {
  test('has a typed method per operation', async () => {
    const { client, sent } = setup();
    const found = await client.find({ id: ' a&b ', page: 2 });
    expectTypeOf(found).toEqualTypeOf<{ price: number }>();
    expectTypeOf(client.order).parameter(0).toEqualTypeOf<Record<string, never>>();
    expect(found).toEqual({ price: 1 });
    expect(sent).toMatchObject([{ method: 'GET', target: '/find?id=a%26b&page=2' }]);
  });

  test('validates what it sends: nothing is sent that the contract forbids', async () => {
    const { client, sent } = setup();
    await expect(client.find({ id: ' ' })).rejects.toMatchObject({ code: 'bad_request', sent: 'never' });
    expect(sent).toEqual([]);
  });

  test('drops what the contract does not know, and passes on what goes along', async () => {
    const { client, sent } = setup(ok('{"price":1,"secret":2}'));
    const { signal } = new AbortController();
    const found = await client.find({ id: 'a' }, { signal, deadlineAt: 5, headers: { 'x-request-id': 'r' } });
    expect(found).toEqual({ price: 1 });
    expect(sent[0]?.context).toMatchObject({ deadlineAt: 5, attempt: 1, headers: { 'x-request-id': 'r' } });
    expect(sent[0]?.context.signal).toBe(signal);
    expect(sent[0]?.context.operation.safety).toBe('safe');
  });

  test.each([
    ['a wrong type', ok('{"price":"1"}')],
    ['malformed JSON', ok('{"price":')],
    ['no JSON', ok('{"price":1}', 'text/html')],
    ['a BOM does not hide malformed JSON', ok('\ufeff{"price":1,}')],
    ['204', { ...ok(''), status: 204 }],
    ['302', { ...ok(''), status: 302 }],
  ])('%s is a bad response, and its body is not in the error', async (_what, response) => {
    const { client } = setup(response);
    const error = await client.find({ id: 'a' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'bad_response', sent: 'answered', status: response.status });
    expect((error as Error).message).not.toContain('{"price"');
  });

  test.each([
    [400, 'remote_refused'],
    [404, 'remote_refused'],
    [429, 'overloaded'],
    [500, 'remote_error'],
    [503, 'remote_error'],
    [599, 'remote_error'],
  ])('%i is %s, with its hint', async (status, code) => {
    const { client } = setup({ ...ok('{"price":1}'), status, retryAfterMs: 1_500 });
    await expect(client.find({ id: 'a' })).rejects.toMatchObject({
      code,
      status,
      retryAfterMs: 1_500,
      sent: 'answered',
    });
  });

  test('a 504 that says our deadline has passed is that if it may be true, any other 504 is a failure', async () => {
    const problem = { type: 't', title: 't', status: 504, detail: '', instance: 'i', requestId: 'r' };
    const answer = (code: string, leftMs = 10) =>
      setup({ ...ok(JSON.stringify({ ...problem, code }), 'application/problem+json'), status: 504 }).client.find(
        { id: 'a' },
        { deadlineAt: performance.now() + leftMs },
      );
    await expect(answer('deadline_exceeded')).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(answer('deadline_exceeded', 500)).rejects.toMatchObject({ code: 'remote_error' });
    await expect(answer('attempt_timeout')).rejects.toMatchObject({ code: 'remote_error' });
    await expect(answer('made up')).rejects.toMatchObject({ code: 'remote_error' });
  });

  test('wraps each operation in the policy once, at start', async () => {
    let wrapped = 0;
    const policy: Policy = (next) => {
      wrapped++;
      return next;
    };
    const { client } = setup(ok('{"price":1}'), policy);
    await client.find({ id: 'a' });
    await client.find({ id: 'b' });
    expect(wrapped).toBe(2);
  });
});
