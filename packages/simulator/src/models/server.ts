import type { TransportResponse } from '@halfopen/client';
import { createAdmission } from '@halfopen/service-kit/admission';
import type { Distribution } from '../engine/distributions.ts';
import type { World } from '../engine/world.ts';
import { faultGate } from './fault-gate.ts';
import type { Effect } from './faults.ts';
import { createProcessorSharing } from './processor-sharing.ts';
import { OK, type Request, responseOf } from './request.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';
import { createWorkers, type Station } from './workers.ts';

/**
 * Which waiting request a server takes next.
 * `fifo`: the oldest. `lifo`: the newest. `admission`: as our own services do, `createAdmission` of the service kit: the newest, and
 * none whose caller has left. `processor_sharing`: nobody waits; all are worked on at once, and each the slower for it.
 */
export type Discipline = 'fifo' | 'lifo' | 'admission' | 'processor_sharing';

/** How much a server has to do. */
export interface ServerLoad {
  readonly inProgress: number;
  readonly queued: number;
}

export interface ServerOptions {
  /** Names the server in faults and results, and its random numbers. */
  readonly name: string;
  /** Requests in progress at the same time. With processor sharing: processors. At least 1. */
  readonly workers: number;
  /** How long one request keeps a worker busy. */
  readonly service: Distribution;
  /** Default `fifo`. */
  readonly discipline?: Discipline;
  /** Requests that may wait. Default: no limit, or 256 with `admission`, as in our services. */
  readonly maxQueued?: number;
  /** Who is answered 503 when the queue is full. Default: the newest with `fifo`, the oldest otherwise. */
  readonly whenFull?: 'refuse_newest' | 'refuse_oldest';
  /** Whether work ends, and makes room, as soon as its caller has left. Most servers finish it for nobody. Default false. */
  readonly stopsAbandonedWork?: boolean;
  /** Whether a waiting request whose deadline has passed is dropped when its turn comes. Default false. */
  readonly dropsExpired?: boolean;
  /** Milliseconds by which the service takes longer, by how much there is to do. Default none. */
  readonly slowsBy?: (load: ServerLoad) => number;
  /** Share of the requests that fail with 503 at once, by how much there is to do. Default none. */
  readonly failsAt?: (load: ServerLoad) => number;
  /**
   * Milliseconds for which a worker that has finished leaves the queue alone. Whoever arrives meanwhile overtakes it, as in servers
   * that poll their queue. Only with `fifo` and `lifo`. Default: it takes the next one at once.
   */
  readonly handOverMs?: number;
  /** What the work does after its service time, such as calling another service. The worker stays busy for it. Default nothing. */
  readonly calls?: (request: Request) => Promise<TransportResponse>;
}

export interface Server extends ServerLoad {
  readonly name: string;
  receive(request: Request): void;
  /** Begins a fault. @returns ends it */
  suffer(effect: Effect): () => void;
  /** Requests that have arrived. A refused connection is none. */
  readonly received: number;
  /** Requests that were served for somebody who still waited. */
  readonly served: number;
  /** Requests that were served although nobody waited any more. */
  readonly wasted: number;
}

const UNAVAILABLE = responseOf(503);

/**
 * A model of a server: a queue before a number of workers.
 * @throws RangeError for an option out of range
 */
export function createServer(world: World, options: ServerOptions): Server {
  const { name, workers, discipline = 'fifo', slowsBy, failsAt, calls } = options;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new RangeError(`workers is ${workers}, but must be a whole number of at least 1`);
  }
  const gate = faultGate(world, name);
  const failures = world.attemptChance(name, 'failures with load');
  const services = world.attemptChance(name, 'service');
  let received = 0;
  let served = 0;
  let wasted = 0;

  const finish = (request: Request, response: TransportResponse) => {
    if (request.isAbandoned) {
      wasted++;
      return;
    }
    if (response.status === 200) served++;
    request.respond(response);
  };

  const station: Station = (discipline === 'processor_sharing' ? createProcessorSharing : createWorkers)(world, {
    workers,
    stopsAbandonedWork: options.stopsAbandonedWork ?? false,
    takesMs: (request) => {
      const own = options.service(services.of(request)) + (slowsBy?.(load()) ?? 0);
      return own * gate.slowdown + gate.delayMs(request);
    },
    servedQuietly: calls === undefined,
    onServed: (request, release) => {
      if (calls === undefined) {
        finish(request, OK);
        release();
        return;
      }
      calls(request).then(
        (response) => {
          finish(request, response);
          release();
        },
        (error: unknown) => world.fail(error),
      );
    },
  });
  const line = lineOf(world, options, station);
  const load = (): ServerLoad => ({ inProgress: station.inProgress, queued: line.queued });

  const accept = (request: Request) => {
    const fate = gate.meet(request);
    if (fate !== 'lost') received++;
    if (fate !== 'passes') return;
    if (failsAt !== undefined && failures.of(request)() < failsAt(load())) {
      request.respond(UNAVAILABLE);
      return;
    }
    line.enter(request);
  };

  return {
    name,
    receive(request) {
      if (gate.isStopped) gate.park(request);
      else accept(request);
    },
    suffer(effect) {
      if (effect.kind !== 'stop') return gate.begin(effect);
      gate.isStopped = true;
      station.stop();
      return () => {
        gate.isStopped = false;
        station.resume();
        line.takeNext();
        for (const request of gate.unpark()) accept(request);
      };
    },
    get received() {
      return received;
    },
    get served() {
      return served;
    },
    get wasted() {
      return wasted;
    },
    get inProgress() {
      return station.inProgress;
    },
    get queued() {
      return line.queued;
    },
  };
}

/** What greeter and edge hold unless told otherwise (`maxQueued` of the service kit's settings). */
const ADMISSION_MAX_QUEUED = 256;

function lineOf(world: World, options: ServerOptions, station: Station): WaitingLine {
  const { discipline = 'fifo', maxQueued, handOverMs } = options;
  if (discipline === 'processor_sharing') {
    return { enter: (request) => station.start(request, () => {}), takeNext: () => {}, queued: 0 };
  }
  if (discipline === 'admission') {
    return admissionLine(options.workers, maxQueued ?? ADMISSION_MAX_QUEUED, station);
  }
  return createWaitingLine(world, station, {
    discipline,
    maxQueued: maxQueued ?? Number.POSITIVE_INFINITY,
    refusesNewest:
      (options.whenFull ?? (discipline === 'fifo' ? 'refuse_newest' : 'refuse_oldest')) === 'refuse_newest',
    dropsExpired: options.dropsExpired ?? false,
    handOverMs,
    refuse: (request) => request.respond(UNAVAILABLE),
  });
}

/** A signal that never aborts, for requests that start at once: making one for each would cost more than all the rest of the server. */
const NEVER_ABORTED = new AbortController().signal;

/** Our own admission, the same code as in a service. */
function admissionLine(maxInProgress: number, maxQueued: number, station: Station): WaitingLine {
  const admission = createAdmission({ maxInProgress, maxQueued });
  return {
    enter(request) {
      let signal = NEVER_ABORTED;
      if (admission.inProgress >= maxInProgress) {
        const connection = new AbortController();
        request.onAbandoned(() => connection.abort(LEFT));
        ({ signal } = connection);
      }
      admission.enter(
        signal,
        () => station.start(request, () => admission.leave()),
        ({ retryAfterMs }) => request.respond(responseOf(503, retryAfterMs)),
      );
    },
    // Whoever waits is started by whoever leaves.
    takeNext: () => {},
    get queued() {
      return admission.queued;
    },
  };
}

/** Given as a reason, because without one every abort makes a DOMException with a stack. */
const LEFT = 'the caller has left';
