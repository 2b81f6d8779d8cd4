import { monotonicMs } from '../clock/monotonic.ts';
import type { Span } from '../experiment/phases.ts';
import type { Fault } from './fault.ts';

export interface PlayedFault {
  readonly label: string;
  readonly span: Span;
  readonly fault: Fault;
}

/** When a fault really was in force, in milliseconds on the time axis. */
export interface FaultTimes {
  /** Which of the faults that are played. */
  readonly index: number;
  readonly label: string;
  readonly span: Span;
  /** When the system had taken it. */
  readonly inForceAtMs: number;
  /** When the system had taken it back. */
  readonly undoneAtMs: number | undefined;
  /** Whether taking it back starts a process. */
  readonly restarts: boolean;
}

export interface Player {
  /** Puts in force what holds from before the warm-up. */
  prepare(): Promise<void>;
  /** Plays the rest on time. @param zeroAtMs when `before` begins ({@link monotonicMs}) */
  start(zeroAtMs: number): void;
  /** Puts nothing in force any more. What is, stays until `end`. */
  halt(): void;
  /** Takes back whatever is in force; nothing is put in force any more. @throws the first error, after it has tried all */
  end(): Promise<void>;
  /** Rejects once a fault cannot be applied or taken back: what is measured then is not what was asked for. */
  readonly failed: Promise<never>;
  readonly times: () => FaultTimes[];
}

export function createPlayer(faults: readonly PlayedFault[]): Player {
  const timers: NodeJS.Timeout[] = [];
  const times = new Map<PlayedFault, { inForceAtMs: number; undoneAtMs: number | undefined }>();
  const inForce = new Set<PlayedFault>();
  /** What is being done to each fault: applied and taken back, never both at once. */
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
