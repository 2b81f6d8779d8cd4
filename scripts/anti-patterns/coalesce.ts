import CircuitBreaker from 'opossum';
import {
  type Call,
  type CallContext,
  coalesce,
  compose,
  deadline,
  type Policy,
  systemClock,
} from '../../packages/client/src/index.ts';
import { context, taking } from '../../packages/resilience/test/calls.ts';
import type { Measurement } from './measurement.ts';
import { endOf, pause } from './observe.ts';
import { onVirtualTime } from './on-virtual-time.ts';

const CROWD = 50;
const WORK_MS = 100;
const WHOLE_CALL_MS = 2_000;

const keyOf = ({ input }: CallContext) => JSON.stringify(input);
const ours = () => coalesce({ keyOf, timeoutMs: WHOLE_CALL_MS, clock: systemClock });

/**
 * Shares a promise by its key, as a Map of promises does that one writes in a minute.
 * @param signalOf what ends the shared call
 */
const mapOfPromises =
  (signalOf: (first: CallContext) => AbortSignal, key = keyOf): Policy =>
  <T>(next: Call<T>): Call<T> => {
    const flights = new Map<string, Promise<T>>();
    return (ctx) => {
      const shared = flights.get(key(ctx));
      if (shared !== undefined) return shared;
      const flight = next({ ...ctx, signal: signalOf(ctx) }).finally(() => flights.delete(key(ctx)));
      flights.set(key(ctx), flight);
      return flight;
    };
  };
const ofTheFirst = ({ signal }: CallContext) => signal;
const ofNobody = () => new AbortController().signal;

const HURRY_MS = 50;

/** The first of a crowd has less time than its work takes; the others have plenty: how many of those get no answer. */
const lostToHurry = (shared: Policy) =>
  onVirtualTime(async () => {
    const whole = deadline({ timeoutMs: WHOLE_CALL_MS, clock: systemClock });
    const call = compose(whole, shared)(taking(WORK_MS, 'answer'));
    const first = endOf(call(context({ deadlineAt: systemClock.now() + HURRY_MS })));
    const ends = await Promise.all(Array.from({ length: CROWD }, () => endOf(call(context()))));
    await first;
    return { amount: ends.filter((end) => end !== 'answer').length };
  });

/** The first of a crowd leaves: how many of the others get no answer. */
const lostToLeaver = (shared: Policy) =>
  onVirtualTime(async () => {
    const call = shared(taking(WORK_MS, 'answer'));
    const leaver = new AbortController();
    const first = endOf(call(context({ signal: leaver.signal })));
    const others = Array.from({ length: CROWD }, () => endOf(call(context())));
    await pause(HURRY_MS);
    leaver.abort();
    await first;
    return { amount: (await Promise.all(others)).filter((end) => end !== 'answer').length };
  });

/** As many questions as callers, and all callers leave: of how many the work is done to the end. */
const workForNobody = (shared: Policy) =>
  onVirtualTime(async () => {
    let finished = 0;
    const call = shared(async (ctx) => {
      await taking(WORK_MS, 'answer')(ctx);
      finished++;
    });
    const caller = new AbortController();
    for (let input = 0; input < CROWD; input++) void endOf(call(context({ input, signal: caller.signal })));
    await pause(HURRY_MS);
    caller.abort();
    await pause(10 * WORK_MS);
    return { amount: finished };
  });

/** A crowd of which everybody asks for something of their own: how many get somebody else's answer. */
const wrongAnswers = (shared: Policy) =>
  onVirtualTime(async () => {
    const call = shared(async ({ input }) => {
      await pause(WORK_MS);
      return input;
    });
    const inputs = Array.from({ length: CROWD }, (_, input) => input);
    const answers = await Promise.all(inputs.map((input) => call(context({ input }))));
    return { amount: answers.filter((answer, index) => answer !== inputs[index]).length };
  });

export const COALESCE: readonly Measurement[] = [
  {
    id: 'opossum-cache-crowd',
    antiPattern: 'A cache instead',
    done: `opossum's \`cache\`, ${CROWD} equal calls at once: calls upstream`,
    stage: 'simulated',
    library: 'opossum',
    say: (calls) => calls,
    naive: () =>
      onVirtualTime(async () => {
        let upstream = 0;
        const act = async () => {
          upstream++;
          await pause(WORK_MS);
        };
        const breaker = new CircuitBreaker(act, { cache: true, timeout: false });
        await Promise.all(Array.from({ length: CROWD }, () => breaker.fire()));
        breaker.shutdown();
        return { amount: upstream };
      }),
    ours: () =>
      onVirtualTime(async () => {
        let upstream = 0;
        const call = ours()(async () => {
          upstream++;
          await pause(WORK_MS);
        });
        await Promise.all(Array.from({ length: CROWD }, () => call(context())));
        return { amount: upstream };
      }),
    shows: (naive, good) => naive.amount === CROWD && good.amount === 1,
  },
  {
    id: 'first-deadline-for-all',
    antiPattern: "The first caller's deadline for all",
    done: `work of ${WORK_MS} ms, a first caller with ${HURRY_MS} ms, ${CROWD} more with ${WHOLE_CALL_MS.toLocaleString('en')}: without an answer, of those`,
    stage: 'simulated',
    library: undefined,
    say: (callers) => `${callers} of ${CROWD}`,
    naive: () => lostToHurry(mapOfPromises(ofTheFirst)),
    ours: () => lostToHurry(ours()),
    shows: (naive, good) => naive.amount === CROWD && good.amount === 0,
  },
  {
    id: 'aborted-with-the-first',
    antiPattern: 'Aborting with the first who leaves',
    done: `the first leaves after ${HURRY_MS} ms, ${CROWD} others wait: without an answer, of those`,
    stage: 'simulated',
    library: undefined,
    say: (callers) => `${callers} of ${CROWD}`,
    naive: () => lostToLeaver(mapOfPromises(ofTheFirst)),
    ours: () => lostToLeaver(ours()),
    shows: (naive, good) => naive.amount === CROWD && good.amount === 0,
  },
  {
    id: 'never-aborted',
    antiPattern: 'Aborting with the first who leaves',
    done: `never aborted instead: ${CROWD} questions, all callers leave after ${HURRY_MS} ms: worked on to the end for nobody`,
    stage: 'simulated',
    library: undefined,
    say: (calls) => `${calls} of ${CROWD}`,
    naive: () => workForNobody(mapOfPromises(ofNobody)),
    ours: () => workForNobody(ours()),
    shows: (naive, good) => naive.amount === CROWD && good.amount === 0,
  },
  {
    id: 'key-without-who-asks',
    antiPattern: 'Answers that depend on who asks',
    done: `${CROWD} callers at once who each ask for their own; naive: the key is the operation: got the answer to another`,
    stage: 'simulated',
    library: undefined,
    say: (callers) => `${callers} of ${CROWD}`,
    naive: () => wrongAnswers(mapOfPromises(ofNobody, ({ operation }) => operation.name)),
    ours: () => wrongAnswers(ours()),
    shows: (naive, good) => naive.amount === CROWD - 1 && good.amount === 0,
  },
];
