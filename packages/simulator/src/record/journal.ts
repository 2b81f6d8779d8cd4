import { CALL_ERROR_CODES, type CallErrorCode, isCallError } from '@halfopen/client';

/** What became of a call. `pending`: it had no outcome when the simulation ended. */
export type Outcome = 'pending' | 'ok' | CallErrorCode;

const OUTCOMES: readonly Outcome[] = ['pending', 'ok', ...CALL_ERROR_CODES];
const CODE_OF: ReadonlyMap<Outcome, number> = new Map(OUTCOMES.map((outcome, code) => [outcome, code]));
const OK = 1;

const FIRST_CAPACITY = 1_024;

/** What became of every call of a run, in the order in which they were due. Takes 18 bytes a call. */
export class Journal {
  #dueMs = new Float64Array(FIRST_CAPACITY);
  #tookMs = new Float64Array(FIRST_CAPACITY);
  #outcomes = new Uint8Array(FIRST_CAPACITY);
  #attempts = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  /** Calls so far. */
  get length(): number {
    return this.#length;
  }

  /** When each call was due, in milliseconds since the world began. Ascending. */
  get dueMs(): Float64Array {
    return this.#dueMs.subarray(0, this.#length);
  }

  /** How long each call took, in milliseconds. NaN while it is pending. */
  get tookMs(): Float64Array {
    return this.#tookMs.subarray(0, this.#length);
  }

  /** Adds a call. Calls are added in the order in which they are due. @returns its index */
  begin(dueMs: number): number {
    const index = this.#length++;
    if (index === this.#dueMs.length) this.#grow();
    this.#dueMs[index] = dueMs;
    this.#tookMs[index] = Number.NaN;
    return index;
  }

  /** An attempt of the call was sent. Counts up to 255. */
  countAttempt(index: number): void {
    if ((this.#attempts[index] as number) < 255) this.#attempts[index] = (this.#attempts[index] as number) + 1;
  }

  succeed(index: number, nowMs: number): void {
    this.#end(index, nowMs, OK);
  }

  /** @throws the error itself if it is not a `CallError`: then it is not a failure of the call, but a bug */
  fail(index: number, nowMs: number, error: unknown): void {
    if (!isCallError(error)) throw error;
    this.#end(index, nowMs, CODE_OF.get(error.code) as number);
  }

  #end(index: number, nowMs: number, code: number): void {
    this.#tookMs[index] = nowMs - (this.#dueMs[index] as number);
    this.#outcomes[index] = code;
  }

  hasSucceeded(index: number): boolean {
    return this.#outcomes[index] === OK;
  }

  outcomeOf(index: number): Outcome {
    return OUTCOMES[this.#outcomes[index] as number] as Outcome;
  }

  attemptsOf(index: number): number {
    return this.#attempts[index] as number;
  }

  /** Index of the first call that was due at this moment or later. */
  firstDueAt(atMs: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#dueMs[middle] as number) < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * One number for all that has happened, as eight hexadecimal digits: runs that differ in the time, duration, outcome or attempts of
   * any call differ in it.
   */
  hash(): string {
    const number = new Float64Array(1);
    const halves = new Uint32Array(number.buffer);
    let hash = 0x811c_9dc5;
    const add = (word: number) => {
      hash = Math.imul(hash ^ word, 0x0100_0193);
      hash ^= hash >>> 15;
    };
    const addNumber = (value: number) => {
      number[0] = value;
      add(halves[0] as number);
      add(halves[1] as number);
    };
    for (let index = 0; index < this.#length; index++) {
      addNumber(this.#dueMs[index] as number);
      const code = this.#outcomes[index] as number;
      // The bits of NaN are not the same everywhere.
      addNumber(code === 0 ? -1 : (this.#tookMs[index] as number));
      add((code << 8) | (this.#attempts[index] as number));
    }
    return (hash >>> 0).toString(16).padStart(8, '0');
  }

  #grow(): void {
    const capacity = 2 * this.#dueMs.length;
    const larger = <A extends Float64Array | Uint8Array>(array: A, copy: A): A => {
      copy.set(array);
      return copy;
    };
    this.#dueMs = larger(this.#dueMs, new Float64Array(capacity));
    this.#tookMs = larger(this.#tookMs, new Float64Array(capacity));
    this.#outcomes = larger(this.#outcomes, new Uint8Array(capacity));
    this.#attempts = larger(this.#attempts, new Uint8Array(capacity));
  }
}
