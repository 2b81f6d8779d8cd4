import { describe, expect, test } from 'vitest';
import { FaultPlanError, parseFaultHeader, parsePlan } from '../src/plan.ts';
import { host } from './host.ts';

describe('plan', () => {
  test('a good plan, with its defaults', () => {
    expect(
      parsePlan(
        {
          faults: [
            { id: 'slow-third', rate: 0.33, delayMs: 800, jitterMs: 100 },
            { id: 'down', status: 503 },
          ],
        },
        host,
      ),
    ).toEqual({
      seed: 1,
      forMs: 3_600_000,
      faults: [
        { id: 'slow-third', rate: 0.33, delayMs: 800, jitterMs: 100 },
        { id: 'down', rate: 1, status: 503 },
      ],
    });
  });

  test.each([
    { status: 400 },
    { status: 599, retryAfter: 86_400 },
    { reset: true },
    { hang: true },
    { exit: true },
    { truncate: true },
    { malformed: true },
    { wrongType: true },
    { drip: true, dripIntervalMs: 60_000 },
    { oversize: 100_000_000 },
    { lostResponse: true },
    { cpu: 0.5, forMs: 5_000 },
    { leak: 1_000_000_000 },
    { notReady: true },
    { delayMs: 60_000, jitterMs: 60_000 },
    { delayMs: 0.5, status: 503 },
    { delayMs: { distribution: 'uniform', minMs: 1, maxMs: 1 } },
    { delayMs: { distribution: 'normal', meanMs: 100, standardDeviationMs: 0 } },
    { delayMs: { distribution: 'exponential', meanMs: 0.5 } },
    { delayMs: { distribution: 'pareto', minMs: 10, shape: 1.5 }, reset: true },
    { delayMs: { distribution: 'histogram', upToMs: [5, 10], counts: [0, 3] } },
    { operation: 'hello', caller: 'halfopen-edge', count: 3, reset: true },
  ])('%j is a fault', (fault) => {
    const [parsed] = parsePlan({ faults: [{ id: 'a', ...fault }] }, host).faults;
    expect(parsed).toEqual({ id: 'a', rate: 1, ...fault });
  });

  test.each([
    [null, 'the plan: must be a plan, such as {"faults":[{"id":"down","status":503}]}, not null'],
    [[], 'the plan: must be a plan, such as {"faults":[{"id":"down","status":503}]}, not []'],
    ['{}', 'the plan: must be a plan'],
    [{}, 'faults: is missing: it must be a list of at most 100 faults'],
    [{ faults: {} }, 'faults: must be a list of at most 100 faults, not {}'],
    [
      { faults: Array.from({ length: 101 }, (_, n) => ({ id: `${n}`, reset: true })) },
      'faults: must be a list of at most 100 faults',
    ],
    [{ faults: [], sead: 1 }, 'the plan: has no member "sead"'],
    [JSON.parse('{"faults":[],"__proto__":1}'), 'the plan: has no member "__proto__"'],
    [{ seed: -1, faults: [] }, 'seed: must be a whole number from 0 to 9007199254740991, not -1'],
    [{ seed: 0.5, faults: [] }, 'seed: must be a whole number'],
    [{ forMs: 0, faults: [] }, 'forMs: must be a whole number of milliseconds from 1 to 86400000, not 0'],
    [{ faults: [1] }, 'faults[0]: must be a fault, such as {"id":"down","status":503}, not 1'],
  ])('%j is refused whole, with the path of the mistake', (plan, mistake) => {
    expect(() => parsePlan(plan, host)).toThrow(`the fault plan is refused: ${mistake}`);
  });

  test.each([
    [{ rate: 1.5, reset: true }, '.rate: must be a number from 0 to 1, not 1.5'],
    [{}, ': does nothing: it needs delayMs or one of status, reset, hang'],
    [{ reset: true, status: 500 }, ': has status and reset: a fault can have only one effect'],
    [{ cpu: 0.5, notReady: true }, ': has cpu and notReady: a fault can have only one effect'],
    [{ status: 200 }, '.status: must be a whole number from 400 to 599, not 200'],
    [{ status: '503' }, '.status: must be a whole number from 400 to 599, not "503"'],
    [{ delayMs: 60_001 }, '.delayMs: must be milliseconds from 0 to 60000, not 60001'],
    [{ delayMs: '8' }, '.delayMs: must be milliseconds from 0 to 60000, or a distribution, not "8"'],
    [{ delayMs: {} }, '.delayMs.distribution: must be one of uniform, normal, exponential, pareto, histogram'],
    [
      { delayMs: { distribution: 'gauss' } },
      '.delayMs.distribution: must be one of uniform, normal, exponential, pareto, histogram',
    ],
    [
      { delayMs: { distribution: 'normal', meanMs: 5 } },
      '.delayMs.standardDeviationMs: is missing: it must be milliseconds from 0 to 60000',
    ],
    [
      { delayMs: { distribution: 'normal', meanMs: -5, standardDeviationMs: 1 } },
      '.delayMs.meanMs: must be milliseconds from 0 to 60000, not -5',
    ],
    [{ delayMs: { distribution: 'exponential', meanMs: 5, shape: 1 } }, '.delayMs: has no member "shape"'],
    [{ delayMs: { distribution: 'uniform', minMs: 5, maxMs: 4 } }, '.delayMs.maxMs: must not be less than minMs'],
    [{ delayMs: { distribution: 'pareto', minMs: 5, shape: 0 } }, '.delayMs.shape: must be a number from 0.1 to 100'],
    [
      { delayMs: { distribution: 'histogram', upToMs: [5, 10], counts: [1] } },
      '.delayMs.counts: must have as many numbers as upToMs: 2, not 1',
    ],
    [{ delayMs: { distribution: 'histogram', upToMs: [5, 5], counts: [1, 1] } }, '.delayMs.upToMs: must rise'],
    [
      { delayMs: { distribution: 'histogram', upToMs: [5], counts: [0] } },
      '.delayMs.counts: must have a count above 0',
    ],
    [{ delayMs: { distribution: 'histogram', upToMs: [], counts: [] } }, '.delayMs.upToMs: must be a list of 1 to 200'],
    [{ jitterMs: 5, hang: true }, '.jitterMs: needs delayMs'],
    [
      { delayMs: { distribution: 'exponential', meanMs: 5 }, jitterMs: 5 },
      '.jitterMs: needs delayMs to be a number: a distribution has its own spread',
    ],
    [{ retryAfter: 5, hang: true }, '.retryAfter: needs status'],
    [{ dripIntervalMs: 5, hang: true }, '.dripIntervalMs: needs drip'],
    [{ reset: false }, '.reset: must be true, or left out, not false'],
    [{ oversize: 100_000_001 }, '.oversize: must be a whole number of bytes from 1 to 100000000, not 100000001'],
    [{ leak: 1_000_000_001 }, '.leak: must be a whole number of bytes from 1 to 1000000000, not 1000000001'],
    [{ cpu: 0 }, '.cpu: must be a number above 0, at most 1, not 0'],
    [{ cpu: 1.1 }, '.cpu: must be a number above 0, at most 1, not 1.1'],
    [{ drip: true, dripIntervalMs: 60_001 }, '.dripIntervalMs: must be a whole number of milliseconds from 1 to 60000'],
    [{ reset: true, forMs: 86_400_001 }, '.forMs: must be a whole number of milliseconds from 1 to 86400000'],
    [{ reset: true, count: 0 }, '.count: must be a whole number from 1'],
    [{ reset: true, operation: 'helo' }, '.operation: must be one of hello, goodbye, not "helo"'],
    [{ reset: true, caller: 'curl/8.5.0' }, '.caller: must be the name of a product, such as curl, not "curl/8.5.0"'],
    [{ cpu: 0.5, rate: 0.5 }, '.rate: is not allowed: cpu hits the process, not requests'],
    [{ notReady: true, count: 1 }, '.count: is not allowed: notReady hits the process, not requests'],
    [{ leak: 1, delayMs: 1 }, '.delayMs: is not allowed: leak hits the process, not requests'],
    [{ resett: true }, ': has no member "resett"'],
    [{ id: 'a b', reset: true }, '.id: must be 1 to 64 letters, digits, dots, dashes or underscores, not "a b"'],
  ])('%j is no fault, with the path of the mistake', (fault, mistake) => {
    const plan = {
      faults: [
        { id: 'good', reset: true },
        { id: 'bad', ...fault },
      ],
    };
    expect(() => parsePlan(plan, host)).toThrow(`faults[1]${mistake}`);
  });

  test('an id is there once', () => {
    const plan = {
      faults: [
        { id: 'a', reset: true },
        { id: 'a', hang: true },
      ],
    };
    expect(() => parsePlan(plan, host)).toThrow('faults[1].id: "a" is already used by another fault');
  });

  test('a process that is not the service alone must not be ended', () => {
    const mistake = 'exit: is not allowed: other services share this process';
    const plan = { faults: [{ id: 'a', exit: true }] };
    expect(() => parsePlan(plan, { ...host, mayExit: false })).toThrow(`faults[0].${mistake}`);
    expect(() => parseFaultHeader('exit', { mayExit: false })).toThrow(mistake);
  });

  test('every mistake is named, those of one member do not hide those between members', () => {
    expect(() => parsePlan({ seed: 'x', faults: [{ id: '', rate: 2, reset: true, hang: true }] }, host)).toThrow(
      /seed: .*faults\[0\]\.id: .*faults\[0\]\.rate: .*faults\[0\]: has reset and hang/,
    );
  });

  test.each([
    ['a list', '[', ']'],
    ['an object', '{"a":', '}'],
  ])('%s that is nested too deeply to be quoted is refused like any other mistake', (_what, open, close) => {
    const deep: unknown = JSON.parse(`${open.repeat(10_000)}1${close.repeat(10_000)}`);
    const faults = [{ id: deep, rate: deep, status: deep, delayMs: deep, operation: deep, reset: deep }];
    for (const plan of [deep, { faults: deep }, { faults: [deep] }, { seed: deep, faults }]) {
      expect(() => parsePlan(plan, host)).toThrow(FaultPlanError);
    }
    expect(() => parsePlan({ faults }, host)).toThrow(
      'faults[0].rate: must be a number from 0 to 1, not a value that is nested',
    );
  });

  test('a number that is beyond all is quoted as such', () => {
    const plan: unknown = JSON.parse('{"faults":[{"id":"a","delayMs":1e999}]}');
    expect(() => parsePlan(plan, host)).toThrow(
      'faults[0].delayMs: must be milliseconds from 0 to 60000, or a distribution, not Infinity',
    );
  });

  test.each([
    ['delay', 'delayMs'],
    ['jitter', 'jitterMs'],
    ['dripInterval', 'dripIntervalMs'],
  ])('the short %s of a header has its name said', (short, name) => {
    expect(() => parsePlan({ faults: [{ id: 'a', [short]: 1 }] }, host)).toThrow(
      `faults[0].${short}: is ${name} in a plan`,
    );
  });

  test('what a plan says of its mistakes is bounded', () => {
    const members = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`member${n}${'x'.repeat(500)}`, 1]));
    let message = '';
    try {
      parsePlan({ faults: [{ id: 'y'.repeat(10_000) }], ...members }, host);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('; and 4952 more');
    expect(message.length).toBeLessThan(10_000);
  });
});

describe('x-fault', () => {
  test.each([
    ['reset', { reset: true }],
    ['status=503', { status: 503 }],
    ['delay=800', { delayMs: 800 }],
    ['delayMs=800', { delayMs: 800 }],
    ['delay=0.5', { delayMs: 0.5 }],
    ['delay=800, status=503,retryAfter=2', { delayMs: 800, status: 503, retryAfter: 2 }],
    ['delay=10,jitter=5', { delayMs: 10, jitterMs: 5 }],
    ['drip', { drip: true }],
    ['drip,dripInterval=100', { drip: true, dripIntervalMs: 100 }],
    ['oversize=1000000', { oversize: 1_000_000 }],
    ['oversize', { oversize: 1_000_000 }],
    ['lostResponse', { lostResponse: true }],
    ['lostResponse=true', { lostResponse: true }],
    ['status = 503 , retryAfter = 2', { status: 503, retryAfter: 2 }],
    ['exit', { exit: true }],
  ])('%s', (header, fault) => {
    expect(parseFaultHeader(header, host)).toEqual({ id: 'x-fault', rate: 1, ...fault });
  });

  test.each([
    ['', 'has no member ""'],
    ['explode', 'has no member "explode"'],
    ['status', 'status: must be a whole number from 400 to 599, not true'],
    ['status=abc', 'status: must be a whole number from 400 to 599, not "abc"'],
    ['status=', 'status: must be a whole number from 400 to 599, not ""'],
    ['status=0x1F7', 'status: must be'],
    ['status=503=1', 'status: must be'],
    ['status=200', 'status: must be'],
    ['status=503,status=500', 'status: is given twice'],
    ['delay=1,delayMs=2', 'delayMs: is given twice'],
    ['delay=-1', 'delayMs: must be milliseconds from 0 to 60000'],
    ['delay=', 'delayMs: must be'],
    ['delay=1e3', 'delayMs: must be'],
    ['delay=60001', 'delayMs: must be'],
    ['reset=1', 'reset: must be true, or left out, not 1'],
    ['reset=false', 'reset: must be true, or left out, not "false"'],
    ['reset,hang', 'has reset and hang'],
    ['retryAfter=1', 'does nothing'],
    ['reset,retryAfter=1', 'retryAfter: needs status'],
    ['reset,', 'has no member ""'],
    ['__proto__=1', 'has no member "__proto__"'],
    ['constructor', 'has no member "constructor"'],
    ['reset,rate=0.5', 'rate: is allowed in a plan only'],
    ['reset,count=1', 'count: is allowed in a plan only'],
    ['reset,id=x', 'id: is allowed in a plan only'],
    ['cpu=0.5', '"cpu=0.5" is refused: cpu: is allowed in a plan only. Valid: delay=800'],
    ['leak=1', 'leak: is allowed in a plan only'],
    ['notReady', 'notReady: is allowed in a plan only'],
  ])('%j is refused', (header, mistake) => {
    expect(() => parseFaultHeader(header, host)).toThrow(mistake);
    expect(() => parseFaultHeader(header, host)).toThrow('Valid: delay=800, status=503, reset');
  });
});
