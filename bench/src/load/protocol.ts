import type { Expected } from './closed-loop.ts';

/** Closed loop: a window of load to be measured. */
export interface Task {
  readonly url: string;
  /** Whose CPU is counted. */
  readonly pid: number;
  /** Who else works for the load: whatever the machine does besides is a disturbance. */
  readonly beside: readonly number[];
  readonly connections: number;
  readonly expected: Expected;
  /** Load before the window. */
  readonly settleMs: number;
  readonly windowMs: number;
}

export interface Window {
  readonly requests: number;
  readonly seconds: number;
  /** Of the process that was measured, in the window. */
  readonly cpuNs: number;
  /** Of everybody who has nothing to do with it. */
  readonly othersNs: number;
  readonly wrong: number;
  readonly example: string | undefined;
}

/** Open loop: requests at a rate, whatever becomes of them. */
export interface OpenTask {
  readonly url: string;
  /** Whose CPU is counted. */
  readonly pid: number;
  readonly expected: Expected;
  readonly ratePerS: number;
  readonly seconds: number;
  /** The same seed, the same arrivals. */
  readonly seed: number;
}

export interface LatencyFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly latenessP99Ms: number;
  /** CPU of the process that answers, for each request. */
  readonly cpuUs: number;
}
