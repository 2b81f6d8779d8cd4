import type { TransportResponse } from '@halfopen/client';
import {
  createServer,
  createWorld,
  foldedNormal,
  type Request,
  type RunOptions,
  randomStream,
} from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { fixed, type Measured, meanOf, withInterval } from '../measured.ts';
import { failedInTickLoop, PROCESSING, QUEUE, type TickLoopOptions } from './tick-loop.ts';

const LENGTH_MS = 1_000_000;
const GAP = foldedNormal(1, 0.25);

interface Case {
  readonly loop: TickLoopOptions;
  /** Simulates our admission instead of the loop. */
  readonly isOurs?: true;
  readonly published?: { readonly text: string; readonly theirs: string; readonly holds: (failed: number) => boolean };
}

const COLLAPSE = { lifo: false, perTick: 0.1, spike: true };
const OVERLOAD = { lifo: false, perTick: 0.5, spike: false };

const CASES = {
  'LIFO, with a spike, 100/s': {
    loop: { ...COLLAPSE, lifo: true },
    published: { text: '0.79 %', theirs: '0.79 %', holds: (failed) => Math.abs(failed - 0.0079) < 0.001 },
  },
  'FIFO, with a spike, 100/s': {
    loop: COLLAPSE,
    published: { text: '9.91 %', theirs: '9.69 to 9.97 %', holds: (failed) => failed > 0.05 && failed < 0.2 },
  },
  'FIFO, 500/s': {
    loop: OVERLOAD,
    published: { text: '86.74 %', theirs: '86.71 to 86.81 %', holds: (failed) => Math.abs(failed - 0.8674) < 0.005 },
  },
  'FIFO, with a spike, 100/s, but nobody overtakes': { loop: { ...COLLAPSE, nobodyOvertakes: true } },
  'FIFO, 500/s, but nobody overtakes': { loop: { ...OVERLOAD, nobodyOvertakes: true } },
  'our admission, with a spike, 100/s': { loop: COLLAPSE, isOurs: true },
  // Its share is the same from the beginning: less is enough.
  'our admission, 500/s': { loop: { ...OVERLOAD, ticks: 200_000 }, isOurs: true },
} satisfies Readonly<Record<string, Case>>;

/** @returns the share of requests that fail, retries included */
export async function failedInAdmission(
  { perTick, spike, ticks = LENGTH_MS }: TickLoopOptions,
  seed: number,
  options: RunOptions = {},
): Promise<number> {
  const world = createWorld(seed);
  let [all, failed] = [0, 0];
  const server = createServer(world, {
    name: 'server',
    workers: QUEUE.workers,
    maxQueued: QUEUE.maxQueued,
    discipline: 'admission',
    service: (random) => PROCESSING(random) * (spike && all <= QUEUE.spikeRequests ? 10 : 1),
  });
  const again = world.random('clients', 'retries');
  const gaps = world.random('clients', 'arrivals');
  const ask = () => {
    all++;
    const request = new Asked(`${all}`, () => {
      failed++;
      if (again() < QUEUE.retried) ask();
    });
    world.schedule(QUEUE.timeoutMs, () => request.leave());
    server.receive(request);
  };
  const arrive = () => {
    ask();
    if (world.nowMs < ticks) world.schedule(GAP(gaps) / perTick, arrive);
  };
  world.schedule(GAP(gaps) / perTick, arrive);
  await world.run(ticks + 10_000, options);
  return failed / all;
}

/** A request without a network or policies: only the server is looked at. */
class Asked implements Request {
  readonly attempt = 1;
  readonly deadlineAt = Number.POSITIVE_INFINITY;
  isAbandoned = false;
  readonly id: string;
  readonly #fail: () => void;
  #isOver = false;
  #tellAbandoned: (() => void) | undefined;

  constructor(id: string, fail: () => void) {
    this.id = id;
    this.#fail = fail;
  }

  onAbandoned(listener: () => void): void {
    this.#tellAbandoned = listener;
  }

  /** Its time is up. */
  leave(): void {
    if (this.#isOver) return;
    this.isAbandoned = true;
    this.#tellAbandoned?.();
    this.#end(false);
  }

  respond({ status }: TransportResponse): void {
    this.#end(status === 200);
  }

  reset(): void {
    this.#end(false);
  }

  refuse(): void {
    this.#end(false);
  }

  #end(isGood: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!isGood) this.#fail();
  }
}

export const lifo: Anchor = {
  name: 'lifo',
  title: 'First in, first out, or the newest first',
  sources: [
    {
      authors: 'J. Magerramov',
      title: 'Queueing Simulator',
      year: 2021,
      url: 'https://github.com/joemag1/queueingsimulator',
    },
  ],
  method: [
    'Ten workers of N(50, 12.5) ms and a queue of 1,000; half of what fails is asked again at once; the first 1,000 requests take ten times as long (the spike). A request has failed if its answer comes after a second, or the queue is full. 1,000 s. The first five rows are a port of his loop ([`tick-loop.ts`](../lab/src/reproduce/anchors/tick-loop.ts)), because what happens within a tick matters; the last two are our `createAdmission` in the simulator, the one that our services have. No policy of ours is on the calling side.',
    'Published are the three figures of the README. The two at 86.74 % and 0.79 % hold within 0.5 and 0.1 points. The third sits on a coin’s edge: with half of every failure asked again, 100/s can become 200/s, which is just what the server can do. A narrow bound there would measure chance; it holds between 5 and 20 %.',
  ],
  ownCode:
    '[joemag1/queueingsimulator](https://github.com/joemag1/queueingsimulator) (MIT), commit b4046d7, built with cargo; the range of five runs of the README’s three commands.',
  seeds: 3,
  variants: Object.keys(CASES).length,
  async run(replicate) {
    const claims: Claim[] = [];
    for (const [name, one] of Object.entries<Case>(CASES)) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const measured = meanOf(
        await replicate((seed, options) =>
          one.isOurs === true
            ? failedInAdmission(one.loop, seed, options)
            : Promise.resolve(failedInTickLoop(one.loop, randomStream(seed, 'loop'))),
        ),
      );
      const { published } = one;
      claims.push({
        what: `${name}: requests that fail`,
        published: published?.text ?? '–',
        ...(published === undefined ? {} : { theirs: published.theirs }),
        ours: measured.runs === 0 ? '–' : withInterval(percentOf(measured), fixed(2), '%'),
        measured,
        holds: published === undefined || measured.runs === 0 ? null : published.holds(measured.value),
      });
    }
    return { claims, findings: FINDINGS };
  },
};

const percentOf = ({ value, low, high, runs }: Measured): Measured => ({
  value: 100 * value,
  low: 100 * Math.max(0, low),
  high: 100 * Math.min(1, high),
  runs,
});

const FINDINGS = [
  'In the published simulator, a worker that has finished does nothing for the rest of its tick, and new arrivals are given to idle workers before the queue is looked at. So a newcomer can overtake everybody who waits, also with FIFO. That is a fair model of servers that poll their queue, and it is what lets its FIFO come back at all: where nobody can overtake, FIFO stays collapsed after the spike for the whole run. The conclusion of the README, that LIFO is the safer choice, is all the stronger for it.',
];
