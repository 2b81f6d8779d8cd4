import type { Chunk } from './behaviour.ts';
import type { Clock } from './clock.ts';
import type { Stage } from './stage.ts';
import { typeOf } from './toxic.ts';

/** The end of one direction: a socket, reduced to what a link needs. */
export interface Sink {
  /** Whether more data can be written now. The owner calls `Link.poke` when this changes. */
  hasRoom(): boolean;
  write(bytes: Buffer): void;
  /** Half-closes: no more data in this direction. */
  end(): void;
  /** Closes both directions after the written data is delivered. */
  close(): void;
  /** Resets the connection at once (RST). */
  reset(): void;
}

/**
 * One direction of one connection: a chain of toxics between a source and a sink. Every byte passes exactly once and in
 * order. It holds back a bounded number of bytes; beyond that, it asks the source to wait.
 */
export class Link {
  readonly #stages: Stage[];
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  #cancelTimer: (() => void) | undefined;
  #sourceWaits = false;
  /** Whether the connection is being closed, so that data from the source is discarded. */
  #discards = false;
  #working = false;

  /** @param onRoom called when a source that was asked to wait may continue */
  constructor(stages: readonly Stage[], sink: Sink, clock: Clock, onRoom: () => void) {
    this.#stages = [...stages];
    this.#sink = sink;
    this.#clock = clock;
    this.#onRoom = onRoom;
  }

  /** Bytes that it holds back, including overhead. */
  get heldBytes(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.heldBytes, 0);
  }

  /**
   * Takes data from the source.
   * @returns whether the source may continue. If not, it must wait for `onRoom`
   */
  write(bytes: Buffer): boolean {
    if (this.#discards) return true;
    this.#put(0, { kind: 'data', bytes, arrivedAtMs: this.#clock.nowMs() });
    this.poke();
    this.#sourceWaits = !this.#discards && !this.#hasRoom(0);
    return !this.#sourceWaits;
  }

  /** The source has half-closed. */
  end(): void {
    if (this.#discards) return;
    this.#put(0, { kind: 'end', arrivedAtMs: this.#clock.nowMs() });
    this.poke();
  }

  /** Adds a toxic at the end of the chain, as Toxiproxy does. */
  add(stage: Stage): void {
    this.#stages.push(stage);
    this.poke();
  }

  /** Removes a toxic. What it held back moves on at once. */
  remove(name: string): void {
    const index = this.#stages.findIndex(({ toxic }) => toxic.name === name);
    const stage = this.#stages[index];
    if (stage === undefined) return;
    if (stage.active && typeOf(stage.toxic).closesOnRemoval) {
      this.#close(index);
    } else {
      this.#stages.splice(index, 1);
      for (let chunk = stage.drop(); chunk !== undefined; chunk = stage.drop()) this.#put(index, chunk);
    }
    this.poke();
  }

  /** Discards everything from now on: nothing more is delivered. */
  discard(): void {
    this.#discards = true;
    this.#stages.length = 0;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#letSourceGoOn();
  }

  /** Does all that can be done now. Call it when the sink has room again, or a toxic has changed. */
  poke(): void {
    // A sink can call back while it is written to.
    if (this.#working) return;
    this.#working = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const dueMs = this.#work();
    this.#working = false;
    // A toxic may have asked to wait before another one closed the connection. Without toxics, there is nothing to wait for.
    if (dueMs < Infinity && this.#stages.length > 0) {
      this.#cancelTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.nowMs()), () => this.poke());
    }
    if (this.#hasRoom(0)) this.#letSourceGoOn();
  }

  /** @returns when there is something to do next, in milliseconds of the clock; Infinity if nothing is planned */
  #work(): number {
    for (;;) {
      let dueMs = Infinity;
      let moved = false;
      // From the last to the first: what leaves makes room for what follows.
      for (let index = this.#stages.length - 1; index >= 0; index -= 1) {
        const outcome = this.#advance(index);
        if (outcome === 'moved') moved = true;
        else dueMs = Math.min(dueMs, outcome);
      }
      if (!moved) return dueMs;
    }
  }

  /** Runs one step of one toxic. @returns `moved`, or when the toxic must run again */
  #advance(index: number): 'moved' | number {
    const stage = this.#stages[index];
    // A later stage may have closed the connection in the same round.
    if (stage === undefined) return Infinity;
    const step = stage.step(this.#clock.nowMs());
    switch (step.do) {
      case 'idle':
        return Infinity;
      case 'wait':
        return step.untilMs;
      case 'drop':
        stage.drop();
        return 'moved';
      case 'pass': {
        if (stage.headIsData && !this.#hasRoom(index + 1)) return Infinity;
        const chunk = stage.pass(step.bytes);
        if (chunk !== undefined) this.#put(index + 1, chunk);
        return 'moved';
      }
      case 'close':
        this.#close(index);
        return 'moved';
      case 'reset':
        break;
    }
    this.discard();
    this.#sink.reset();
    return Infinity;
  }

  #hasRoom(index: number): boolean {
    return this.#stages[index]?.hasRoom ?? this.#sink.hasRoom();
  }

  #put(index: number, chunk: Chunk): void {
    const stage = this.#stages[index];
    if (stage !== undefined) stage.put({ ...chunk, arrivedAtMs: this.#clock.nowMs() });
    else if (chunk.kind === 'data') this.#sink.write(chunk.bytes);
    else if (chunk.kind === 'end') this.#sink.end();
    else this.#sink.close();
  }

  /** Closes the connection at this toxic: what has passed it is still delivered, the rest is lost. */
  #close(index: number): void {
    this.#discards = true;
    this.#stages.splice(0, index + 1);
    this.#put(0, { kind: 'close', arrivedAtMs: this.#clock.nowMs() });
    this.#letSourceGoOn();
  }

  #letSourceGoOn(): void {
    if (!this.#sourceWaits) return;
    this.#sourceWaits = false;
    this.#onRoom();
  }
}
