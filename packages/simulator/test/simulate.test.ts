import { CallError } from '@halfopen/client';
import { describe, expect, test } from 'vitest';
import {
  constant,
  naiveRetry,
  none,
  type Scenario,
  scenarios,
  simulate,
  standard,
  tutorialStack,
} from '../src/index.ts';

/** Smaller, where the test is not about the scenario. */
const short: Scenario = {
  ...scenarios.randomErrors,
  load: { rates: [{ fromMs: 0, perS: 100 }] },
  faults: [{ kind: 'error', share: 0.3, fromMs: 2_000, toMs: 6_000 }],
  trigger: { fromMs: 2_000, toMs: 6_000 },
  lengthMs: 8_000,
};

describe('a simulation', () => {
  test('gives the same for the same seed', async () => {
    const hashes = async () => (await simulate(standard, short, { seeds: [7, 8] })).runs.map(({ hash }) => hash);
    const first = await hashes();
    expect(await hashes()).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  test('is the one that these seeds have always given, on every machine', async () => {
    // A bare call, so that only a change of the engine or of a model changes the hash.
    const { runs } = await simulate(none, short, { seeds: [1, 2] });
    expect(runs.map(({ hash }) => hash)).toEqual(['24549bf1', 'a97e62e3']);
  });

  test('gives all configurations the same calls', async () => {
    const dueOf = async (configuration: object) => [
      ...((await simulate(configuration, short, { seeds: 1 })).runs[0]?.journal.dueMs ?? []),
    ];
    expect(await dueOf({ attempts: 1 })).toEqual(await dueOf(standard));
  });

  test('gives all configurations the same victims', async () => {
    const victims = async (attempts: number) => {
      const { runs } = await simulate({ attempts, breakerFailureRate: 0.99 }, short, { seeds: 1 });
      const journal = runs[0]?.journal;
      return Array.from({ length: journal?.length ?? 0 }, (_, index) => index).filter(
        (index) => journal?.attemptsOf(index) !== 1 || journal.outcomeOf(index) !== 'ok',
      );
    };
    // A call whose first attempt fails does so whether or not another one follows.
    expect(await victims(2)).toEqual(await victims(1));
    expect((await victims(1)).length).toBeGreaterThan(80);
  });

  test('runs the seeds that it is told', async () => {
    expect((await simulate(standard, short, { seeds: 3 })).runs.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect((await simulate(standard, short, { seeds: [42] })).runs.map(({ seed }) => seed)).toEqual([42]);
  });

  test('has what there is when it is aborted', async () => {
    const controller = new AbortController();
    const { runs } = await simulate(standard, short, {
      seeds: 3,
      signal: controller.signal,
      onProgress: (done) => {
        if (done > 0.5) controller.abort();
      },
    });
    expect(runs.map(({ isComplete }) => isComplete)).toEqual([true, false]);
    expect(runs[1]?.journal.length).toBeGreaterThan(100);
  });

  test('reports progress up to the end', async () => {
    const seen: number[] = [];
    await simulate(standard, short, { seeds: 2, onProgress: (done) => seen.push(done) });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
    expect(seen.some((done) => done > 0.4 && done < 0.6)).toBe(true);
  });

  test('fails when a policy has a bug, instead of counting a failed call', async () => {
    const buggy = {
      order: () => () => () => Promise.reject(new TypeError('a mistake in a policy')),
    };
    await expect(simulate(buggy, short, { seeds: 1 })).rejects.toThrow('a mistake in a policy');
    const refusing = {
      order: () => () => () => Promise.reject(new CallError('overloaded', 'refused')),
    };
    const { runs } = await simulate(refusing, short, { seeds: 1 });
    expect(runs[0]?.during.outcomes).toEqual({ overloaded: runs[0]?.during.offered });
  });

  test('refuses a fault at a server that does not exist', async () => {
    const wrong: Scenario = { ...short, faults: [{ kind: 'stop', fromMs: 0, toMs: 1, servers: ['greeter'] }] };
    await expect(simulate(standard, wrong)).rejects.toThrow(
      'a fault hits the server greeter, but there are only server',
    );
  });
});

/** What the literature and our own measurements say must come out. */
describe('what scenarios show', () => {
  test('retries at once keep a server down that was cut off for ten seconds; the standard policy does not (HotOS 2021)', async () => {
    // A tenth of its size, and the same share of its capacity.
    const cut: Scenario = {
      ...scenarios.cut,
      servers: [{ name: 'server', workers: 3, service: constant(100) }],
      load: { ...scenarios.cut.load, rates: [{ fromMs: 0, perS: 28 }] },
    };
    const naive = await simulate(naiveRetry({ attempts: 2, attemptTimeoutMs: 1_000 }), cut, { seeds: 1 });
    expect(naive.runs[0]?.recoveryMs).toBe(Infinity);
    expect(naive.runs[0]?.after.success).toBe(0);
    const ours = await simulate(standard, cut, { seeds: 1 });
    expect(ours.runs[0]?.recoveryMs).toBeLessThan(6_000);
  });

  test('independent failures: successes are attempts times the share that is well', async () => {
    for (const { during } of (await simulate({ breakerFailureRate: 0.99 }, short, { seeds: 5 })).runs) {
      expect(during.success / (during.attemptsPerCall * 0.7)).toBeCloseTo(1, 1);
    }
  });

  test('the stack of the tutorials turns an outage of four seconds into one of half a minute', async () => {
    const outage: Scenario = {
      ...scenarios.outage,
      load: { rates: [{ fromMs: 0, perS: 20 }] },
      faults: [{ kind: 'refuse', fromMs: 2_000, toMs: 6_000 }],
      trigger: { fromMs: 2_000, toMs: 6_000 },
      lengthMs: 50_000,
    };
    const [tutorial] = (await simulate(tutorialStack, outage, { seeds: 1 })).runs;
    expect(tutorial?.recoveryMs).toBeGreaterThan(20_000);
    expect(tutorial?.breakerTransitions.map(({ to }) => to)).toEqual(['open', 'half_open', 'closed']);
    const [ours] = (await simulate(standard, outage, { seeds: 1 })).runs;
    expect(ours?.recoveryMs).toBeLessThan(2_000);
  });

  test('three hops that all retry multiply the load; three that have a budget do not', async () => {
    const most = async (configuration: Parameters<typeof simulate>[0]) => {
      const storm: Scenario = {
        ...scenarios.retryStorm,
        load: { rates: [{ fromMs: 0, perS: 50 }] },
        faults: [{ kind: 'error', status: 503, fromMs: 2_000, toMs: 5_000 }],
        trigger: { fromMs: 2_000, toMs: 5_000 },
        lengthMs: 6_000,
      };
      const { runs } = await simulate(configuration, storm, { seeds: 1 });
      return runs[0]?.during.requestsPerCall;
    };
    expect(await most(naiveRetry())).toBeGreaterThan(20);
    expect(await most(standard)).toBeLessThan(1.2);
    expect(await most(none)).toBeCloseTo(1, 1);
  });
});
