import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { LEAST_USEFUL_MS } from '../src/index.ts';
import {
  type Attempt,
  budget,
  type Caller,
  LIMITS,
  phase,
  play,
  type Recording,
  type Scenario,
  scenario,
} from './simulation.ts';

// Only a failure takes longer than a second or two: finding the smallest scenario.
vi.setConfig({ testTimeout: 60_000 });

/** Floating point, not leeway: times are whole milliseconds and tokens millionths. */
const EPSILON = 1e-6;

/**
 * Plays scenarios and checks each recording. On a failure fast-check prints the smallest scenario it found, with seed and path.
 * @returns all that was seen, so that a test can tell that what it speaks of did happen
 */
async function always(
  check: (recording: Recording, scenario: Scenario) => void,
  { of = scenario, runs = 200, patient = false } = {},
): Promise<readonly Recording[]> {
  const recordings: Recording[] = [];
  await fc.assert(
    fc.asyncProperty(of, async (one) => {
      const recording = await play(one, patient);
      recordings.push(recording);
      check(recording, one);
    }),
    { numRuns: runs },
  );
  return recordings;
}

const count = (recordings: readonly Recording[], what: (one: Recording) => readonly unknown[]) =>
  recordings.reduce((sum, one) => sum + what(one).length, 0);

/** With the attempt timeout, and with `patience` in its place. */
const STACKS = [
  ['attempt timeout', false],
  ['patience', true],
] as const;

test.each(STACKS)('%s: retries never exceed what the budget started with, earned and held', async (_name, patient) => {
  const seen = await always(
    ({ attempts, ledger }, { budget: { ratio, capacity, initial } }) => {
      // A bucket of our own, filled by every success of the transport: the real one must never have paid from less.
      let held = Math.min(initial, capacity);
      for (const entry of ledger) {
        held = entry === 'success' ? Math.min(capacity, held + ratio) : held - 1;
        expect(held).toBeGreaterThanOrEqual(-EPSILON);
      }
      const firsts = attempts.filter(({ number }) => number === 1).length;
      const successes = ledger.filter((entry) => entry === 'success').length;
      expect(attempts.length - firsts).toBeLessThanOrEqual(initial + ratio * successes + EPSILON);
      expect(attempts.length).toBeLessThanOrEqual(firsts * (1 + ratio) + capacity + EPSILON);
    },
    { patient },
  );
  expect(count(seen, ({ ledger }) => ledger.filter((entry) => entry === 'retry'))).toBeGreaterThan(0);
});

test.each(STACKS)('%s: the budget is never below nothing, never above its capacity', async (_name, patient) => {
  await always(
    ({ tokens }, { budget: { capacity } }) => {
      expect(Math.min(...tokens)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...tokens)).toBeLessThanOrEqual(capacity);
    },
    { patient },
  );
});

const tooLate = (attempts: readonly Attempt[]) =>
  attempts.filter(({ startedAt, deadlineAt }) => startedAt > deadlineAt - LEAST_USEFUL_MS);

test.each(STACKS)('%s: no retry starts that has less than the least useful time left', async (_name, patient) => {
  const seen = await always(
    ({ attempts }) => expect(tooLate(attempts.filter(({ number }) => number > 1))).toEqual([]),
    { patient },
  );
  expect(count(seen, ({ attempts }) => attempts.filter(({ number }) => number > 1))).toBeGreaterThan(0);
});

/** One place, and callers who have hardly longer than the queue takes. */
const crowded = scenario.map((one) => ({
  ...one,
  places: { maxInFlight: 1, maxQueued: 6 },
  callers: one.callers.map((caller) => ({
    ...caller,
    deadlineMs: caller.deadlineMs === undefined ? undefined : 1 + (caller.deadlineMs % 30),
  })),
}));

test.each(STACKS)('%s: nor a first attempt, after any wait for a place', async (_name, patient) => {
  await always(({ attempts }) => expect(tooLate(attempts)).toEqual([]), { of: crowded, patient });
});

test.each(STACKS)(
  '%s: every caller is answered by its deadline, and at once when it leaves, whatever the transport does',
  async (_name, patient) => {
    await always(
      ({ calls }) => {
        for (const { caller, arrivedAt, deadlineAt, settledAt } of calls) {
          const left = arrivedAt + (caller.leavesAfterMs ?? Number.POSITIVE_INFINITY);
          expect(settledAt).toBeLessThanOrEqual(Math.min(deadlineAt, left));
        }
      },
      { patient },
    );
  },
);

test('nobody finds the breaker open after its longest open time, and it leaves open only to half-open', async () => {
  const seen = await always(({ transitions, looks }) => {
    transitions.forEach(({ to, atMs }, index) => {
      if (to !== 'open') return;
      const next = transitions[index + 1] ?? { to: 'half_open', atMs: Number.POSITIVE_INFINITY };
      expect(next.to).toBe('half_open');
      const tooLong = looks.filter((look) => look.atMs > atMs + LIMITS.maxOpenMs && look.atMs < next.atMs);
      expect(tooLong.map(({ state }) => state)).not.toContain('open');
    });
  });
  expect(count(seen, ({ transitions }) => transitions)).toBeGreaterThan(0);
});

test('a half-open breaker lets one probe through at a time', async () => {
  const seen = await always(({ otherProbes }) => {
    expect(otherProbes.filter((others) => others > 0)).toEqual([]);
  });
  expect(count(seen, ({ otherProbes }) => otherProbes)).toBeGreaterThan(0);
});

test('the other side never has more work at once than the bulkhead has places, deaf work included', async () => {
  await always(({ mostWorkAtOnce }, { places }) => {
    expect(mostWorkAtOnce).toBeLessThanOrEqual(places.maxInFlight);
  });
});

test.each(STACKS)('%s: nothing outlives its call: no timer, no listener, no place', async (_name, patient) => {
  await always(
    ({ leftBehind }) => {
      expect(leftBehind).toEqual({ timers: 0, inFlight: 0, queued: 0, listeners: 0 });
    },
    { patient },
  );
});

const RECOVERY_MS = 2 * LIMITS.maxOpenMs + LIMITS.attemptTimeoutMs;
const MEASURED_MS = 500;

/** Callers who come whatever happens, through all of the faults, the recovery, and for a while after. */
const openLoop: fc.Arbitrary<Scenario> = fc
  .record({
    // What hangs is cut off when its fault ends; else its places would be missing for longer than the fault.
    phases: fc.array(phase(0), { minLength: 1, maxLength: 5, size: 'max' }),
    everyMs: fc.integer({ min: 5, max: 25 }),
    oneIn: fc.integer({ min: 3, max: 10 }),
    budget,
    seed: fc.integer(),
  })
  .map(({ phases, everyMs, oneIn, ...rest }) => ({
    ...rest,
    phases,
    places: { maxInFlight: 32, maxQueued: 16 },
    callers: Array.from(
      { length: Math.ceil((faultsEnd(phases) + RECOVERY_MS + MEASURED_MS) / everyMs) },
      (_, index) => ({
        afterMs: everyMs,
        leavesAfterMs: index % oneIn === 0 ? 1 + (index % 11) : undefined,
        deadlineMs: index % oneIn === 1 ? 1 + (index % 13) : undefined,
      }),
    ),
  }));

const faultsEnd = (phases: Scenario['phases']) => phases.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
const isPatient = ({ leavesAfterMs, deadlineMs }: Caller) => leavesAfterMs === undefined && deadlineMs === undefined;

test.each(STACKS)(
  '%s: after the faults at least 0.95 of the callers are answered again, within two open times and an attempt',
  async (_name, patient) => {
    await always(
      ({ calls }, { phases }) => {
        const recoveredAt = faultsEnd(phases) + RECOVERY_MS;
        const after = calls.filter(({ caller, arrivedAt }) => arrivedAt >= recoveredAt && isPatient(caller));
        const answered = after.filter(({ outcome }) => outcome === 'answer');
        expect(after.length).toBeGreaterThan(0);
        expect(answered.length / after.length).toBeGreaterThanOrEqual(0.95);
      },
      { of: openLoop, runs: 80, patient },
    );
  },
);
