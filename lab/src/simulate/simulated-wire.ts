import type { World } from '@halfopen/simulator';
import type { Method } from '../experiment/format.ts';

type Toxic = Extract<Method, { layer: 'wire' }>['toxics'][number];

/** The toxics that can be simulated. The others act on parts of a message, and here a message is whole. */
export const SIMULATED_TOXICS = ['latency', 'bandwidth', 'timeout', 'reset_peer'] as const;

/** The proxies between edge and greeters, all with the same toxics. */
export interface SimulatedWire {
  /**
   * Carries a message, as the toxics in force allow.
   * @param arrive called when it has passed, unless it is lost
   * @param reset called if its connection is closed instead
   */
  carry(stream: Toxic['stream'], arrive: () => void, reset: () => void): void;
  /** Puts toxics in force. @returns removes them */
  suffer(toxics: readonly Toxic[]): () => void;
}

/** A greeting with its headers, and its request. */
const MESSAGE_BYTES = 600;

interface Active {
  readonly toxic: Toxic;
  readonly sinceMs: number;
  /** Closes the connections whose data it has discarded. */
  readonly closing: Set<() => void>;
}

export function createSimulatedWire(world: World): SimulatedWire {
  const { clock } = world;
  const active = new Set<Active>();
  const jitter = world.random('wire', 'jitter');
  return {
    carry(stream, arrive, reset) {
      let delayMs = 0;
      for (const one of active) {
        const { toxic, sinceMs, closing } = one;
        if (toxic.stream !== stream) continue;
        const attributes = toxic.attributes as Readonly<Record<string, number>>;
        const { latency = 0, jitter: most = 0, rate = 0, timeout = 0 } = attributes;
        switch (toxic.type) {
          case 'latency':
            delayMs += Math.max(0, latency + most * (2 * jitter() - 1));
            break;
          case 'bandwidth':
            // Bytes of a kilobyte per second are bytes per millisecond.
            if (rate === 0) return;
            delayMs += MESSAGE_BYTES / rate;
            break;
          case 'timeout':
            closing.add(reset);
            if (timeout > 0) clock.after(sinceMs + timeout - clock.now(), reset);
            return;
          case 'reset_peer':
            clock.after(timeout, reset);
            return;
          default:
            throw new TypeError(`the toxic ${toxic.type} cannot be simulated`);
        }
      }
      if (delayMs > 0) clock.after(delayMs, arrive);
      else arrive();
    },
    suffer(toxics) {
      const put = toxics.map((toxic): Active => ({ toxic, sinceMs: clock.now(), closing: new Set() }));
      for (const one of put) active.add(one);
      return () => {
        for (const one of put) {
          active.delete(one);
          for (const reset of one.closing) reset();
        }
      };
    },
  };
}
