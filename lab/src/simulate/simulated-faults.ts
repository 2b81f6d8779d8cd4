import type { Fault } from '@halfopen/faults';
import type { World } from '@halfopen/simulator';
import type { Method } from '../experiment/format.ts';
import { type Phase, spanOf } from '../experiment/phases.ts';
import { labelOf } from '../faults/label.ts';
import type { FaultTimes } from '../faults/player.ts';
import type { SimulatedGreeter } from './simulated-greeter.ts';
import type { SimulatedWire } from './simulated-wire.ts';

export interface SimulatedSystem {
  readonly greeters: readonly SimulatedGreeter[];
  readonly wire: SimulatedWire | undefined;
}

/**
 * Puts the faults of an experiment on the world's timeline, as the lab plays them on processes.
 * @param seed of the plans
 * @param zeroMs when `before` begins, in the world's time
 * @returns when each fault was in force, on the experiment's time axis
 */
export function planFaults(
  world: World,
  method: readonly Method[],
  phases: readonly Phase[],
  { greeters, wire }: SimulatedSystem,
  seed: number,
  zeroMs: number,
): () => FaultTimes[] {
  const times = new Map<number, { inForceAtMs: number; undoneAtMs: number | undefined }>();
  const plans = greeters.map(() => new Set<readonly Fault[]>());
  const change = (indexes: readonly number[], edit: (plan: Set<readonly Fault[]>) => void) => {
    for (const index of indexes) {
      const plan = plans[index] as Set<readonly Fault[]>;
      edit(plan);
      greeters[index]?.plan(seed, [...plan].flat());
    }
  };

  /** @returns undoes it, and calls back once it is undone */
  const apply = (one: Method): ((onUndone: () => void) => void) => {
    if (one.layer === 'plan') {
      const indexes = one.replica === undefined ? [...greeters.keys()] : [one.replica - 1];
      change(indexes, (plan) => plan.add(one.faults));
      return (onUndone) => {
        change(indexes, (plan) => plan.delete(one.faults));
        onUndone();
      };
    }
    if (one.layer === 'wire') {
      const remove = wire?.suffer(one.toxics);
      return (onUndone) => {
        remove?.();
        onUndone();
      };
    }
    const greeter = greeters[one.replica - 1] as SimulatedGreeter;
    if (one.action === 'kill') {
      greeter.kill();
      return (onUndone) => greeter.restart(onUndone);
    }
    greeter.pause();
    return (onUndone) => {
      greeter.resume();
      onUndone();
    };
  };

  const axisMs = () => world.nowMs - zeroMs;
  for (const [index, one] of method.entries()) {
    const { fromS, toS } = spanOf(one, phases);
    world.at(Math.max(0, zeroMs + fromS * 1_000), () => {
      const undo = apply(one);
      const time = { inForceAtMs: axisMs(), undoneAtMs: undefined as number | undefined };
      times.set(index, time);
      world.at(zeroMs + toS * 1_000, () => {
        undo(() => {
          time.undoneAtMs = axisMs();
        });
      });
    });
  }
  return () =>
    [...times].map(([index, time]) => {
      const one = method[index] as Method;
      return {
        index,
        label: labelOf(one),
        span: spanOf(one, phases),
        ...time,
        restarts: one.layer === 'process' && one.action === 'kill',
      };
    });
}
