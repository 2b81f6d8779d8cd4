import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FaultPlanError, Injector, parseFaultHeader, planMembers } from '../src/index.ts';
import { parsePlan } from '../src/plan.ts';
import { host } from './host.ts';

/** The rules once more, written by hand from the reference page: no code in common with the schema. */
const SOUND: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
  rate: between(0, 1),
  operation: (value) => value === 'hello' || value === 'goodbye',
  caller: (value) => typeof value === 'string' && value.length <= 64 && /^[^\s/(){}<>@,;:\\"[\]?=]+$/.test(value),
  count: whole(1, 1e9),
  forMs: whole(1, 86_400_000),
  delayMs: (value) => between(0, 60_000)(value) || isLatency(value),
  jitterMs: between(0, 60_000),
  status: whole(400, 599),
  retryAfter: whole(1, 86_400),
  dripIntervalMs: whole(1, 60_000),
  oversize: (value) => value === true || whole(1, 100_000_000)(value),
  leak: (value) => value === true || whole(1, 1_000_000_000)(value),
  cpu: (value) => between(0, 1)(value) && value !== 0,
  ...Object.fromEntries(
    ['reset', 'hang', 'exit', 'truncate', 'malformed', 'wrongType', 'drip', 'lostResponse', 'notReady'].map((name) => [
      name,
      (value: unknown) => value === true,
    ]),
  ),
};
const EFFECTS = 'status reset hang exit truncate malformed wrongType drip oversize lostResponse'.split(' ');
const OF_PROCESS = ['cpu', 'leak', 'notReady'];
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  uniform: ['minMs', 'maxMs'],
  normal: ['meanMs', 'standardDeviationMs'],
  exponential: ['meanMs'],
  pareto: ['minMs', 'shape'],
  histogram: ['upToMs', 'counts'],
};

function between(min: number, max: number) {
  return (value: unknown) => typeof value === 'number' && value >= min && value <= max;
}

function whole(min: number, max: number) {
  return (value: unknown) => Number.isInteger(value) && between(min, max)(value);
}

function isLatency(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { distribution, ...parameters } = value as Record<string, unknown>;
  const names = SHAPES[String(distribution)];
  return names !== undefined && Object.keys(parameters).toSorted().join() === [...names].toSorted().join();
}

function isSoundFault(fault: Record<string, unknown>): boolean {
  const names = Object.keys(fault);
  const effects = names.filter((name) => EFFECTS.includes(name) || OF_PROCESS.includes(name));
  return (
    names.every((name) => Object.hasOwn(SOUND, name) && SOUND[name]?.(fault[name])) &&
    effects.length <= 1 &&
    (effects.length === 1 || names.includes('delayMs'))
  );
}

const ms = fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.double({ min: 0, max: 60_000, noNaN: true }));
const latency = fc.oneof(
  fc.tuple(ms, ms).map(([a, b]) => ({ distribution: 'uniform', minMs: Math.min(a, b), maxMs: Math.max(a, b) })),
  fc.record({ distribution: fc.constant('normal'), meanMs: ms, standardDeviationMs: ms }),
  fc.record({ distribution: fc.constant('exponential'), meanMs: ms }),
  fc.record({
    distribution: fc.constant('pareto'),
    minMs: ms,
    shape: fc.double({ min: 0.1, max: 100, noNaN: true }),
  }),
  fc.uniqueArray(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 200 }).chain((ends) =>
    fc.record({
      distribution: fc.constant('histogram'),
      upToMs: fc.constant(ends.toSorted((a, b) => a - b)),
      counts: fc
        .array(fc.nat(), { minLength: ends.length, maxLength: ends.length })
        .map((counts) => [1, ...counts.slice(1)]),
    }),
  ),
);
const yes = fc.constant(true as const);
const scope = {
  rate: fc.double({ min: 0, max: 1, noNaN: true }),
  operation: fc.constantFrom(...host.operations),
  caller: fc.constantFrom('curl', 'halfopen-edge'),
  count: fc.integer({ min: 1, max: 1_000_000 }),
  delayMs: fc.oneof(ms, latency),
};
const effects = [
  fc.record(
    { status: fc.integer({ min: 400, max: 599 }), retryAfter: fc.integer({ min: 1, max: 86_400 }), ...scope },
    { requiredKeys: ['status'] },
  ),
  fc.record({ drip: yes, dripIntervalMs: fc.integer({ min: 1, max: 60_000 }), ...scope }, { requiredKeys: ['drip'] }),
  fc.record({ oversize: fc.integer({ min: 1, max: 100_000_000 }), ...scope }, { requiredKeys: ['oversize'] }),
  fc.record({ ...scope, delayMs: ms, jitterMs: ms }, { requiredKeys: ['delayMs'] }),
  ...(['reset', 'hang', 'exit', 'truncate', 'malformed', 'wrongType', 'lostResponse'] as const).map((effect) =>
    fc.record({ ...scope, [effect]: yes }, { requiredKeys: [effect] as never[] }),
  ),
  fc.record({ cpu: fc.double({ min: 0.001, max: 1, noNaN: true }) }),
  fc.record({ leak: fc.integer({ min: 1, max: 1_000_000_000 }) }),
  fc.record({ notReady: yes }),
] as fc.Arbitrary<Record<string, unknown>>[];
const forMs = fc.integer({ min: 1, max: 86_400_000 });
const goodPlan = fc.record(
  {
    seed: fc.maxSafeNat(),
    forMs,
    faults: fc
      .array(fc.tuple(fc.oneof(...effects), fc.option(forMs, { nil: undefined })), { maxLength: 20 })
      .map((faults) =>
        faults.map(([fault, most], at) => ({
          id: `fault-${at}`,
          ...fault,
          ...(most === undefined ? {} : { forMs: most }),
        })),
      ),
  },
  { requiredKeys: ['faults'] },
);

/** A good plan with one member of one fault, or of the plan, replaced or added. */
const bentPlan = fc
  .tuple(
    goodPlan,
    fc.nat(),
    fc.oneof(
      fc.constantFrom(...Object.keys(SOUND), '__proto__', 'constructor', 'toString'),
      fc.string({ maxLength: 5 }),
      fc.constant(undefined),
    ),
    fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(0, -1, 1.5, 1e308, true, false, null, '503', 601, 60_001),
      fc.constantFrom(1, 0.5, 500, 'hello', 'curl'),
      latency,
    ),
  )
  .map(([plan, at, member, value]) => {
    const fault: object = plan.faults[at % Math.max(1, plan.faults.length)] ?? plan;
    const name = member ?? Object.keys(fault).at(at % Object.keys(fault).length) ?? 'seed';
    Object.defineProperty(fault, name, { value, enumerable: true, configurable: true, writable: true });
    return plan;
  });

const requests = ['a', 'b', 'c'].map((requestId) => ({
  requestId,
  attempt: '1',
  operation: 'hello',
  userAgent: 'curl/8.5.0',
}));

/** Only for what is no mistake of the plan's author, which a test must see. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FaultPlanError) return undefined;
    throw error;
  }
}

// Thousands of plans are work: on a busy machine more than the usual five seconds.
describe('whatever is sent', { timeout: 60_000 }, () => {
  test('a good plan is taken, is given back as it was put, and can be put again', () => {
    fc.assert(
      fc.property(goodPlan, (plan) => {
        const { seed = 1, forMs: most = 3_600_000, faults } = plan;
        const taken = parsePlan(JSON.parse(JSON.stringify(plan)), host);
        const filled = { seed, forMs: most, faults: faults.map((fault) => ({ rate: 1, ...fault })) };
        expect(JSON.parse(JSON.stringify(taken))).toEqual(JSON.parse(JSON.stringify(filled)));
        expect(parsePlan(taken, host)).toEqual(taken);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a plan is sound, or refused with a path', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: bentPlan }, { weight: 1, arbitrary: fc.jsonValue() }), (plan) => {
        const json = JSON.parse(JSON.stringify(plan));
        const parsed = attempt(() => parsePlan(json, host));
        if (parsed === undefined) return;
        taken++;
        expect(Object.keys(json).filter((name) => !['seed', 'forMs', 'faults'].includes(name))).toEqual([]);
        for (const fault of json.faults) expect(isSoundFault(fault), JSON.stringify(fault)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  test('what is taken can be played: delays are finite and short', () => {
    fc.assert(
      fc.property(goodPlan, (plan) => {
        const injector = new Injector({ spin: () => undefined });
        injector.use(parsePlan(plan, host));
        for (const request of requests) {
          const fault = injector.pick(request);
          if (fault === undefined) continue;
          const delayMs = injector.delayMs(fault, request);
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(60_000);
        }
        injector.clear();
      }),
    );
  });

  test('a header is a sound fault, or refused', () => {
    const names = fc.constantFrom(...Object.keys(SOUND), 'delay', 'jitter', 'dripInterval', '__proto__', '');
    const values = fc.oneof(fc.integer().map(String), fc.double().map(String), fc.string(), fc.constant('503'));
    const part = fc.oneof(
      fc.constantFrom('status=503', 'delay=10', 'jitter=5', 'reset', 'drip', 'oversize=9'),
      names,
      fc.tuple(names, values).map(([name, value]) => `${name}=${value}`),
      fc.string(),
    );
    const header = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(','));
    let taken = 0;
    fc.assert(
      fc.property(header, (text) => {
        const fault = attempt(() => parseFaultHeader(text, host));
        if (fault === undefined) return;
        taken++;
        expect(isSoundFault(fault), text).toBe(true);
        expect(fault).toMatchObject({ id: 'x-fault', rate: 1 });
        expect(Object.keys(fault).filter((name) => OF_PROCESS.includes(name))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  test('the rules of this test name every member that there is', () => {
    expect(Object.keys(SOUND).toSorted()).toEqual(
      planMembers()
        .fault.map(({ name }) => name)
        .toSorted(),
    );
    expect(
      planMembers().distributions.map(({ name, members }) => [name, members.map((member) => member.name)]),
    ).toEqual(Object.entries(SHAPES));
  });
});
