import { MAX_LEAK_BYTES } from './limits.ts';

/** The load that a process is put under. */
export interface Load {
  /** Share of a processor core, from 0 to 1. */
  readonly cpu: number;
  readonly leakBytes: number;
}

export interface ProcessLoadOptions {
  /** Keeps the processor busy for `ms` milliseconds. Default: a loop. */
  readonly spin?: (ms: number) => void;
}

/**
 * How often the load is adjusted, in milliseconds. Short, because the event loop is blocked during the busy part: a probe
 * that takes three turns of the loop is answered after 60 ms.
 */
const SLICE_MS = 20;

/** 50 MB per second: slow enough to watch, fast enough to fill the composed greeter in ten seconds. */
const LEAK_BYTES_PER_SLICE = 1_000_000;

/** Burns processor time and holds memory in this process, for as long as a fault asks for it. */
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

  /** Call it when the wanted load has changed. */
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

  /** Holds the memory in one buffer outside of V8's heap. It can shrink at once; garbage would wait for a collection. */
  #hold(bytes: number): void {
    const before = this.heldBytes;
    if (bytes === before) return;
    try {
      this.#leak ??= new ArrayBuffer(0, { maxByteLength: MAX_LEAK_BYTES });
      this.#leak.resize(bytes);
    } catch {
      // The system has no more memory. The leak stops growing; the process must not crash because of it.
      return;
    }
    // The system provides memory only when it is written to.
    if (bytes > before) new Uint8Array(this.#leak, before).fill(1);
  }
}

function busyLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
