import { type Behaviour, type Chunk, IDLE, PASS, type Step } from './behaviour.ts';
import { chanceOf, type Subject } from './chance.ts';
import { type Toxic, typeOf } from './toxic.ts';

/** What a chunk costs beside its bytes: without it a million chunks of one byte would count as a megabyte. */
const OVERHEAD_BYTES = 128;

/** One toxic on one direction of one connection, and what it holds back. */
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

  /** Whether the toxic has taken hold of this connection. */
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

  /** What is to be done next. */
  step(nowMs: number): Step {
    const [head] = this.#queue;
    if (this.active) return this.#behaviour.step(head, nowMs);
    return head === undefined ? IDLE : PASS;
  }

  /** Whether the next chunk is data: only that needs room. */
  get headIsData(): boolean {
    return this.#queue[0]?.kind === 'data';
  }

  /** Takes the oldest chunk out, or the first bytes of it, because it passes. */
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

  /** Takes the oldest chunk out. */
  drop(): Chunk | undefined {
    const head = this.#queue.shift();
    if (head !== undefined) this.#heldBytes -= sizeOf(head);
    return head;
  }
}

function sizeOf(chunk: Chunk): number {
  return OVERHEAD_BYTES + (chunk.kind === 'data' ? chunk.bytes.length : 0);
}
