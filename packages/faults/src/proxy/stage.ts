import { type Behaviour, type Chunk, IDLE, PASS, type Step } from './behaviour.ts';
import { chanceOf, type Subject } from './chance.ts';
import { type Toxic, typeOf } from './toxic.ts';

/** The cost of a chunk besides its bytes. Without it, a million chunks of one byte would count as only a megabyte. */
const OVERHEAD_BYTES = 128;

/** One toxic on one direction of one connection, with the chunks that it holds back. */
export class Stage {
  readonly toxic: Toxic;
  readonly #behaviour: Behaviour;
  readonly #chance: number;
  readonly #queue: Chunk[] = [];
  #heldBytes = 0;

  constructor(toxic: Toxic, subject: Omit<Subject, 'toxic'>, nowMs: number) {
    this.toxic = toxic;
    const drawOf = (draw: number) => chanceOf({ ...subject, toxic: toxic.name }, draw);
    this.#chance = drawOf(0);
    let draws = 0;
    const random = () => {
      draws += 1;
      return drawOf(draws);
    };
    this.#behaviour = typeOf(toxic).behave(() => toxic.attributes, random, nowMs);
  }

  /** Whether the toxic affects this connection. */
  get active(): boolean {
    return this.#chance < this.toxic.toxicity;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get hasRoom(): boolean {
    return this.#heldBytes < typeOf(this.toxic).bufferBytes;
  }

  put(chunk: Chunk): void {
    this.#queue.push(chunk);
    this.#heldBytes += sizeOf(chunk);
  }

  /** What to do next. */
  step(nowMs: number): Step {
    const [head] = this.#queue;
    if (this.active) return this.#behaviour.step(head, nowMs);
    return head === undefined ? IDLE : PASS;
  }

  /** Whether the oldest chunk is data. Only data needs room in the next stage. */
  get headIsData(): boolean {
    return this.#queue[0]?.kind === 'data';
  }

  /** Removes and returns the oldest chunk, or its first `bytes`, which pass on. */
  pass(bytes: number | undefined): Chunk | undefined {
    const [head] = this.#queue;
    if (head?.kind !== 'data' || bytes === undefined || bytes >= head.bytes.length) {
      const whole = this.drop();
      if (this.active && whole?.kind === 'data') this.#behaviour.passed?.(whole.bytes.length);
      return whole;
    }
    this.#queue[0] = { ...head, bytes: head.bytes.subarray(bytes) };
    this.#heldBytes -= bytes;
    if (this.active) this.#behaviour.passed?.(bytes);
    return { ...head, bytes: head.bytes.subarray(0, bytes) };
  }

  /** Removes and returns the oldest chunk. */
  drop(): Chunk | undefined {
    const head = this.#queue.shift();
    if (head !== undefined) this.#heldBytes -= sizeOf(head);
    return head;
  }
}

function sizeOf(chunk: Chunk): number {
  return OVERHEAD_BYTES + (chunk.kind === 'data' ? chunk.bytes.length : 0);
}
