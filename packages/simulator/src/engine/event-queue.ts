/** Something that happens at one moment of virtual time. */
export class ScheduledEvent {
  readonly atMs: number;
  /** Position among the events of the same moment: the first scheduled runs first. */
  readonly order: number;
  /** Whether it settles no promise, so that the next event need not wait for promises. See `World.schedule`. */
  readonly isQuiet: boolean;
  /** `undefined` once the event has run or was cancelled. */
  run: (() => void) | undefined;

  constructor(atMs: number, order: number, run: () => void, isQuiet: boolean) {
    this.atMs = atMs;
    this.order = order;
    this.run = run;
    this.isQuiet = isQuiet;
  }
}

/** Below this many cancelled events, they are not worth removing. */
const LEAST_CANCELLED = 1_024;

/**
 * The events to come, the next one first: a binary heap. A cancelled event stays in the heap until its time comes or until cancelled
 * events are most of the heap. Almost every timer of a policy is cancelled, and finding each one in the heap would cost more.
 */
export class EventQueue {
  #heap: ScheduledEvent[] = [];
  #scheduled = 0;
  #cancelled = 0;

  /** Events that will run. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(atMs: number, run: () => void, isQuiet: boolean): ScheduledEvent {
    const event = new ScheduledEvent(atMs, this.#scheduled++, run, isQuiet);
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  /** Does nothing if the event has run or was cancelled before. */
  cancel(event: ScheduledEvent): void {
    if (event.run === undefined) return;
    event.run = undefined;
    this.#cancelled++;
    if (this.#cancelled > LEAST_CANCELLED && this.#cancelled > this.#heap.length / 2) this.#compact();
  }

  /** The next event. */
  get first(): ScheduledEvent | undefined {
    const heap = this.#heap;
    for (let first = heap[0]; first !== undefined; first = heap[0]) {
      if (first.run !== undefined) return first;
      this.#removeFirst();
      this.#cancelled--;
    }
    return undefined;
  }

  /** Removes and returns the next event that is due at `untilMs` or before. The caller runs it, and sets its `run` to `undefined`. */
  next(untilMs: number): ScheduledEvent | undefined {
    const { first } = this;
    if (first === undefined || first.atMs > untilMs) return undefined;
    this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as ScheduledEvent;
    if (heap.length === 0) return;
    heap[0] = last;
    this.#sink(0);
  }

  #compact(): void {
    const heap = this.#heap;
    let kept = 0;
    for (const event of heap) {
      if (event.run !== undefined) heap[kept++] = event;
    }
    heap.length = kept;
    this.#cancelled = 0;
    for (let index = (kept >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    const event = heap[index] as ScheduledEvent;
    let at = index;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as ScheduledEvent;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #sink(index: number): void {
    const heap = this.#heap;
    const { length } = heap;
    const event = heap[index] as ScheduledEvent;
    let at = index;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= length) break;
      let child = heap[childAt] as ScheduledEvent;
      if (childAt + 1 < length) {
        const right = heap[childAt + 1] as ScheduledEvent;
        if (isBefore(right, child)) {
          child = right;
          childAt++;
        }
      }
      if (!isBefore(child, event)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = event;
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
