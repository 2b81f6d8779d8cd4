import { monotonicMs } from '../clock/monotonic.ts';
import type { Span } from '../experiment/phases.ts';
import type { Fault } from './fault.ts';

export interface PlayedFault {
  readonly label: string;
  readonly span: Span;
  readonly fault: Fault;
}

/** When a fault was really active, in milliseconds on the time axis. */
export interface FaultTimes {
  /** Index of the fault. */
  readonly index: number;
  readonly label: string;
  readonly span: Span;
  /** When the system had applied it. */
  readonly inForceAtMs: number;
  /** When the system had undone it. */
  readonly undoneAtMs: number | undefined;
  /** Whether undoing it starts a process. */
  readonly restarts: boolean;
}

export interface Player {
  /** Applies the faults that are active from before the warm-up. */
  prepare(): Promise<void>;
  /**
   * Applies and undoes the others on time.
   * @param zeroAtMs when `before` begins ({@link monotonicMs})
   */
  start(zeroAtMs: number): void;
  /** Applies no further fault. Active faults stay until `end`. */
  halt(): void;
  /**
   * Undoes every active fault and applies no further one.
   * @throws the first error, after trying all of them
   */
  end(): Promise<void>;
  /** Rejects when a fault cannot be applied or undone: what is measured from then on is not what was asked for. */
  readonly failed: Promise<never>;
  readonly times: () => FaultTimes[];
}

export function createPlayer(faults: readonly PlayedFault[]): Player {
  const timers: NodeJS.Timeout[] = [];
  const times = new Map<PlayedFault, { inForceAtMs: number; undoneAtMs: number | undefined }>();
  const inForce = new Set<PlayedFault>();
  /** The current change of each fault, so that it is never applied and undone at once. */
  const busy = new Map<PlayedFault, Promise<void>>();
  let zero = Number.NaN;
  let ended = false;
  let reject: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, rejectIt) => {
    reject = rejectIt;
  });
  failed.catch(() => undefined);

  const halt = () => {
    ended = true;
    for (const timer of timers) clearTimeout(timer);
  };
  const inTurn = (one: PlayedFault, act: () => Promise<void>): Promise<void> => {
    const next = (busy.get(one) ?? Promise.resolve()).then(act);
    busy.set(
      one,
      next.catch(() => undefined),
    );
    return next;
  };
  const apply = (one: PlayedFault) =>
    inTurn(one, async () => {
      if (ended) return;
      inForce.add(one);
      await one.fault.apply();
      times.set(one, { inForceAtMs: monotonicMs(), undoneAtMs: undefined });
    });
  const undo = (one: PlayedFault) =>
    inTurn(one, async () => {
      if (!inForce.has(one)) return;
      await one.fault.undo();
      inForce.delete(one);
      const time = times.get(one);
      if (time !== undefined) time.undoneAtMs = monotonicMs();
    });

  return {
    failed,
    async prepare() {
      for (const one of faults) if (one.span.fromS === Number.NEGATIVE_INFINITY) await apply(one);
    },
    start(zeroAtMs) {
      zero = zeroAtMs;
      const at = (seconds: number, act: () => Promise<void>) => {
        timers.push(
          setTimeout(() => void act().catch(reject), Math.max(0, zeroAtMs + seconds * 1_000 - monotonicMs())),
        );
      };
      for (const one of faults) {
        if (one.span.fromS !== Number.NEGATIVE_INFINITY) at(one.span.fromS, () => apply(one));
        at(one.span.toS, () => undo(one));
      }
    },
    halt,
    async end() {
      halt();
      const undone = await Promise.allSettled(faults.map(undo));
      const refused = undone.find(({ status }) => status === 'rejected');
      if (refused?.status === 'rejected') throw refused.reason;
    },
    times: () =>
      [...times].map(([one, { inForceAtMs, undoneAtMs }]) => ({
        index: faults.indexOf(one),
        label: one.label,
        span: one.span,
        inForceAtMs: inForceAtMs - zero,
        undoneAtMs: undoneAtMs === undefined ? undefined : undoneAtMs - zero,
        restarts: one.fault.restarts,
      })),
  };
}
