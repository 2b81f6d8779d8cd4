/** Taken at load, so that a test runner that fakes the global timers cannot stop the simulation. */
const { setImmediate: immediate } = globalThis as { readonly setImmediate?: (callback: () => void) => unknown };

/**
 * Steps per turn of Node's event loop. Node lets every promise settle between two immediates of the same turn, so one turn can hold
 * many steps. Measured: a step costs 5 µs with one per turn, because each turn polls the sockets, and 0.23 µs with 256.
 */
const STEPS_PER_TURN = 256;

/** Steps between two calls of `onTurn` in a browser, which has no turns of its own here. */
const STEPS_PER_REPORT = 4_096;

/**
 * Calls `step` until it returns false. Between two steps every promise settles: otherwise a policy would see two moments of virtual
 * time at once.
 * @param onTurn called now and then. Returns false to stop
 * @returns rejects with what `step` or `onTurn` throws
 */
export function pump(step: () => boolean, onTurn: () => boolean): Promise<void> {
  return immediate === undefined ? pumpMessages(step, onTurn) : pumpImmediates(step, onTurn, immediate);
}

function pumpImmediates(
  step: () => boolean,
  onTurn: () => boolean,
  schedule: (callback: () => void) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let ended = false;
    const end = () => {
      ended = true;
      resolve();
    };
    const guarded = (action: () => boolean) => () => {
      if (ended) return;
      try {
        if (!action()) end();
      } catch (error) {
        ended = true;
        reject(error);
      }
    };
    const oneStep = guarded(step);
    const turn = guarded(() => {
      if (!onTurn()) return false;
      for (let count = 0; count < STEPS_PER_TURN; count++) schedule(oneStep);
      schedule(turn);
      return true;
    });
    turn();
  });
}

/** What this file uses of a browser's ports. Node's have other methods. */
interface Port {
  addEventListener(type: 'message', listener: () => void): void;
  /** Without it, messages are held. */
  start(): void;
  postMessage(message: undefined): void;
  close(): void;
}

/** In a browser: every message is a task of its own, and every promise settles after a task. */
function pumpMessages(step: () => boolean, onTurn: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel() as unknown as { readonly port1: Port; readonly port2: Port };
    let steps = 0;
    const end = () => {
      port1.close();
      port2.close();
    };
    port1.addEventListener('message', () => {
      try {
        if ((steps++ % STEPS_PER_REPORT !== 0 || onTurn()) && step()) {
          port2.postMessage(undefined);
          return;
        }
        end();
        resolve();
      } catch (error) {
        end();
        reject(error);
      }
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
