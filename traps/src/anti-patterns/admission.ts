import type { Measurement } from '../measurement.ts';
import { firstInFirstOut, IMPATIENCE, newestFirst, OVERLOAD, overload, workAtOnce } from '../stage/overload.ts';

const QUEUED = 256;

export const ADMISSION: readonly Measurement[] = [
  {
    id: 'first-in-first-out',
    antiPattern: 'First in, first out',
    done: `${OVERLOAD}; a queue of ${QUEUED}; both drop expired work: answers in time, as a share of capacity`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    naive: async () => ({ amount: (await overload({ queue: firstInFirstOut(QUEUED), isTold: true })).goodPercent }),
    ours: async () => ({ amount: (await overload({ queue: newestFirst(QUEUED), isTold: true })).goodPercent }),
    shows: (naive, ours) => naive.amount < ours.amount - 10,
  },
  {
    id: 'queue-without-limit-late',
    antiPattern: 'No limit on the queue',
    done: `${OVERLOAD}; naive: first in, first out, nothing dropped: answers after the caller has left`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} % of its answers`,
    naive: async () => ({ amount: (await unlimited()).latePercent }),
    ours: async () => ({ amount: (await bounded()).latePercent }),
    shows: (naive, ours) => naive.amount > 50 && ours.amount < 5,
  },
  {
    id: 'queue-without-limit-length',
    antiPattern: 'No limit on the queue',
    done: 'the same: longest queue',
    stage: 'simulated',
    library: undefined,
    say: (requests) => `${requests} requests`,
    naive: async () => ({ amount: (await unlimited()).mostQueued }),
    ours: async () => ({ amount: (await bounded()).mostQueued }),
    shows: (naive, ours) => naive.amount > 10 * QUEUED && ours.amount <= QUEUED,
  },
  {
    id: 'place-freed-by-leaving',
    antiPattern: 'The place freed when the caller leaves',
    done: `${IMPATIENCE}: most requests worked on at once`,
    stage: 'simulated',
    library: undefined,
    say: (requests) => `${requests} at once`,
    naive: async () => ({ amount: await workAtOnce('when its caller has left') }),
    ours: async () => ({ amount: await workAtOnce('when its work has ended') }),
    shows: (naive, ours) => naive.amount > 10 * ours.amount,
  },
];

const unlimited = () => overload({ queue: firstInFirstOut(Number.POSITIVE_INFINITY), isTold: false });
const bounded = () => overload({ queue: newestFirst(QUEUED), isTold: true });
