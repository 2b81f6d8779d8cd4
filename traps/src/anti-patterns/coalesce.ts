import { type Call, type CallContext, coalesce, compose, deadline, type Policy, systemClock } from '@halfopen/client';
import { taking, testContext } from '@halfopen/testing';
import CircuitBreaker from 'opossum';
import type { Measurement } from '../measurement.ts';
import { endOf, pause } from '../stage/observe.ts';
import { onVirtualTime } from '../stage/on-virtual-time.ts';

const CROWD = 50;
const WORK_MS = 100;
const WHOLE_CALL_MS = 2_000;

const keyOf = ({ input }: CallContext) => JSON.stringify(input);
const ours = () => coalesce({ keyOf, timeoutMs: WHOLE_CALL_MS });

/**
 * The obvious way to share calls: a Map of promises.
 * @param signalOf the signal of the shared call
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

/** The first caller has less time than the work takes, the others have plenty. @returns how many of the others get no answer */
const lostToHurry = (shared: Policy) =>
  onVirtualTime(async () => {
    const whole = deadline({ timeoutMs: WHOLE_CALL_MS });
    const call = compose(whole, shared)(taking(WORK_MS, 'answer'));
    const first = endOf(call(testContext({ deadlineAt: systemClock.now() + HURRY_MS })));
    const ends = await Promise.all(Array.from({ length: CROWD }, () => endOf(call(testContext()))));
    await first;
    return { amount: ends.filter((end) => end !== 'answer').length };
  });

/** The first caller leaves. @returns how many of the others get no answer */
const lostToLeaver = (shared: Policy) =>
  onVirtualTime(async () => {
    const call = shared(taking(WORK_MS, 'answer'));
    const leaver = new AbortController();
    const first = endOf(call(testContext({ signal: leaver.signal })));
    const others = Array.from({ length: CROWD }, () => endOf(call(testContext())));
    await pause(HURRY_MS);
    leaver.abort();
    await first;
    return { amount: (await Promise.all(others)).filter((end) => end !== 'answer').length };
  });

/** Each caller asks a different question, and all of them leave. @returns how many pieces of work run to the end */
const workForNobody = (shared: Policy) =>
  onVirtualTime(async () => {
    let finished = 0;
    const call = shared(async (ctx) => {
      await taking(WORK_MS, 'answer')(ctx);
      finished++;
    });
    const caller = new AbortController();
    for (let input = 0; input < CROWD; input++) void endOf(call(testContext({ input, signal: caller.signal })));
    await pause(HURRY_MS);
    caller.abort();
    await pause(10 * WORK_MS);
    return { amount: finished };
  });

/** Each caller asks for their own data. @returns how many get the data of another caller */
const wrongAnswers = (shared: Policy) =>
  onVirtualTime(async () => {
    const call = shared(async ({ input }) => {
      await pause(WORK_MS);
      return input;
    });
    const inputs = Array.from({ length: CROWD }, (_, input) => input);
    const answers = await Promise.all(inputs.map((input) => call(testContext({ input }))));
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
        await Promise.all(Array.from({ length: CROWD }, () => call(testContext())));
        return { amount: upstream };
      }),
    shows: (naive, good) => naive.amount === CROWD && good.amount === 1,
  },
  {
    id: 'first-deadline-for-all',
    antiPattern: "The first caller's deadline for all",
    done: `${WORK_MS} ms of work, a first caller with ${HURRY_MS} ms, ${CROWD} others with ${WHOLE_CALL_MS.toLocaleString('en')} ms: others without an answer`,
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
    done: `the first caller leaves after ${HURRY_MS} ms, ${CROWD} others wait: others without an answer`,
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
    done: `the opposite mistake, never aborted: ${CROWD} different calls, all callers leave after ${HURRY_MS} ms: work that ran to the end`,
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
    done: `${CROWD} callers at once who ask for their own data; naive: the key is the operation: callers who got the data of another`,
    stage: 'simulated',
    library: undefined,
    say: (callers) => `${callers} of ${CROWD}`,
    naive: () => wrongAnswers(mapOfPromises(ofNobody, ({ operation }) => operation.name)),
    ours: () => wrongAnswers(ours()),
    shows: (naive, good) => naive.amount === CROWD - 1 && good.amount === 0,
  },
];
