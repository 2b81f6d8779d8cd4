import type { Random } from '@halfopen/client';
import type { World } from '../engine/world.ts';
import type { Effect } from './faults.ts';
import { type Request, responseOf } from './request.ts';

/** What a fault did to a request: `passes` goes on, `answered` was given its answer, `lost` never arrived. */
type Fate = 'passes' | 'answered' | 'lost';

/** The faults of one server. */
export interface FaultGate {
  /** Begins a fault other than `stop`. @returns ends it */
  begin(effect: Exclude<Effect, { kind: 'stop' }>): () => void;
  meet(request: Request): Fate;
  /** How many times as long work takes that begins now. */
  readonly slowdown: number;
  /** Milliseconds that an attempt takes longer. */
  delayMs(request: Request): number;
  isStopped: boolean;
  /** Keeps a request that came while the process was stopped, as its sockets do. */
  park(request: Request): void;
  unpark(): readonly Request[];
}

const DEFAULT_STATUS = 503;

type Active = Exclude<Effect, { kind: 'stop' }>;

export function faultGate(world: World, server: string): FaultGate {
  // By attempt and not in order of arrival, so that all variants of a seed have the same victims.
  const victims = new Map<Active['kind'], ReturnType<World['attemptChance']>>();
  const chanceOf = (kind: Active['kind'], request: Request): Random => {
    let chance = victims.get(kind);
    if (chance === undefined) {
      chance = world.attemptChance(server, `victims of ${kind}`);
      victims.set(kind, chance);
    }
    return chance.of(request);
  };
  const active = new Set<Active>();
  let parked: Request[] = [];
  let slowdown = 1;

  const hits = (kind: Active['kind'], share: number, request: Request) =>
    share >= 1 || chanceOf(kind, request)() < share;

  return {
    isStopped: false,
    begin(effect) {
      // A copy: the same effect may be active twice.
      const own = { ...effect };
      active.add(own);
      if (own.kind === 'slow') slowdown *= own.factor;
      return () => {
        active.delete(own);
        if (own.kind === 'slow') slowdown /= own.factor;
      };
    },
    meet(request) {
      for (const effect of active) {
        switch (effect.kind) {
          case 'refuse':
            request.refuse();
            return 'lost';
          case 'drop':
            if (hits('drop', effect.share ?? 1, request)) return 'lost';
            break;
          case 'reset':
            if (!hits('reset', effect.share ?? 1, request)) break;
            request.reset();
            return 'answered';
          case 'error':
            if (!hits('error', effect.share ?? 1, request)) break;
            request.respond(responseOf(effect.status ?? DEFAULT_STATUS, effect.retryAfterMs));
            return 'answered';
          case 'slow':
          case 'delay':
            break;
        }
      }
      return 'passes';
    },
    get slowdown() {
      return slowdown;
    },
    delayMs(request) {
      if (active.size === 0) return 0;
      let sumMs = 0;
      for (const effect of active) {
        if (effect.kind !== 'delay') continue;
        const random = chanceOf('delay', request);
        // Drawn in any case, so that the length does not depend on the share.
        const isHit = random() < (effect.share ?? 1);
        const ms = typeof effect.ms === 'number' ? effect.ms : effect.ms(random);
        if (isHit) sumMs += ms;
      }
      return sumMs;
    },
    park(request) {
      parked.push(request);
    },
    unpark() {
      const held = parked;
      parked = [];
      return held;
    },
  };
}
