import type { Chunk } from './behaviour.ts';
import type { Clock } from './clock.ts';
import type { Stage } from './stage.ts';
import { typeOf } from './toxic.ts';

/** Where the data of one direction goes in the end: a socket, in the shape that a link needs. */
export interface Sink {
  /** Whether more data may be written now. Says so by `Link.poke` when that has changed. */
  hasRoom(): boolean;
  write(bytes: Buffer): void;
  /** Half-close: no more data this way. */
  end(): void;
  /** Ends the connection, both ways, once what was written is delivered. */
  close(): void;
  /** Ends the connection at once, with RST. */
  reset(): void;
}

/**
 * One direction of one connection: a chain of toxics between a source and a sink. Every byte goes through it exactly
 * once and in order. It holds a bounded amount back: beyond that it asks the source to wait.
 */
export class Link {
  readonly #stages: Stage[];
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  #cancelTimer: (() => void) | undefined;
  #sourceWaits = false;
  /** What the source still sends is nobody's: the connection is being closed. */
  #discards = false;
  #working = false;

  /** @param onRoom a source that was asked to wait may go on */
  constructor(stages: readonly Stage[], sink: Sink, clock: Clock, onRoom: () => void) {
    this.#stages = [...stages];
    this.#sink = sink;
    this.#clock = clock;
    this.#onRoom = onRoom;
  }

  /** How much it holds back, overhead included. */
  get heldBytes(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.heldBytes, 0);
  }

  /**
   * Takes data from the source.
   * @returns whether the source may go on; otherwise `onRoom` says when
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

  /** A new toxic is the last of the chain, as in Toxiproxy. */
  add(stage: Stage): void {
    this.#stages.push(stage);
    this.poke();
  }

  /** Takes a toxic out. What it held back goes on at once. */
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

  /** From now on whatever comes from the source is thrown away, and nothing is delivered. */
  discard(): void {
    this.#discards = true;
    this.#stages.length = 0;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#letSourceGoOn();
  }

  /** Does all that can be done now. To be called when the sink has room again, or a toxic has changed. */
  poke(): void {
    // A sink may call back while it is written to.
    if (this.#working) return;
    this.#working = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const dueMs = this.#work();
    this.#working = false;
    // Without a toxic there is nothing left to wait for, whatever one of them wanted before the connection was closed.
    if (dueMs < Infinity && this.#stages.length > 0) {
      this.#cancelTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.nowMs()), () => this.poke());
    }
    if (this.#hasRoom(0)) this.#letSourceGoOn();
  }

  /** @returns when there is something to do next */
  #work(): number {
    for (;;) {
      let dueMs = Infinity;
      let moved = false;
      // Last first: what has gone makes room for what comes.
      for (let index = this.#stages.length - 1; index >= 0; index -= 1) {
        const outcome = this.#advance(index);
        if (outcome === 'moved') moved = true;
        else dueMs = Math.min(dueMs, outcome);
      }
      if (!moved) return dueMs;
    }
  }

  /** One step of one toxic: whether it has moved something, or when it wants to be asked again. */
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

  /** This toxic ends the connection: what has passed it is still delivered, what has not is lost. */
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
