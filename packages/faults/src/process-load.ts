import { MAX_LEAK_BYTES } from './limits.ts';

/** What a process shall suffer now. */
export interface Load {
  /** Share of a processor core, 0 to 1. */
  readonly cpu: number;
  readonly leakBytes: number;
}

export interface ProcessLoadOptions {
  /** Keeps the processor busy for so many milliseconds. Default: a loop. */
  readonly spin?: (ms: number) => void;
}

/**
 * How often load is looked at. Short, because the event loop stands still for its busy part: a probe that takes three
 * turns of the loop is answered after 60 ms.
 */
const SLICE_MS = 20;

/** 50 MB a second: a leak that one can watch, and that fills the composed greeter in ten seconds. */
const LEAK_BYTES_PER_SLICE = 1_000_000;

/** Burns processor time and holds memory of this process for as long as it is wanted. */
export class ProcessLoad {
  readonly #wanted: () => Load;
  readonly #spin: (ms: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #leak: ArrayBuffer | undefined;

  constructor(wanted: () => Load, { spin = busyLoop }: ProcessLoadOptions = {}) {
    this.#wanted = wanted;
    this.#spin = spin;
  }

  get heldBytes(): number {
    return this.#leak?.byteLength ?? 0;
  }

  /** What is wanted has changed. */
  update(): void {
    clearTimeout(this.#timer);
    this.#slice();
  }

  #slice(): void {
    const { cpu, leakBytes } = this.#wanted();
    this.#hold(Math.min(leakBytes, this.heldBytes + LEAK_BYTES_PER_SLICE));
    if (cpu === 0 && leakBytes === 0) return;
    if (cpu > 0) this.#spin(cpu * SLICE_MS);
    this.#timer = setTimeout(() => this.#slice(), (1 - cpu) * SLICE_MS).unref();
  }

  /** Outside of V8's heap, in one buffer that shrinks at once: garbage would wait for a collection that may not come. */
  #hold(bytes: number): void {
    const before = this.heldBytes;
    if (bytes === before) return;
    try {
      this.#leak ??= new ArrayBuffer(0, { maxByteLength: MAX_LEAK_BYTES });
      this.#leak.resize(bytes);
    } catch {
      // The system has no more to give: the leak has reached its end, and must not be the end of the process as well.
      return;
    }
    // Memory that was never written to is only promised.
    if (bytes > before) new Uint8Array(this.#leak, before).fill(1);
  }
}

function busyLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
