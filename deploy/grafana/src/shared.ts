/** What both dashboards show the same way. */
import { named, type Step } from './panels.ts';

export const BREAKER_NAMES = named([0, 'closed', 'green'], [1, 'half-open', 'yellow'], [2, 'open', 'red']);

export const BREAKER_STEPS: readonly Step[] = [
  [null, 'green'],
  [1, 'yellow'],
  [2, 'red'],
];

/** Of 99.9 %, the alert's objective. */
export const SUCCESS_STEPS: readonly Step[] = [
  [null, 'red'],
  [0.99, 'orange'],
  [0.999, 'green'],
];

/** Below one second, where the alert is, a user still waits. */
export const LATENCY_STEPS: readonly Step[] = [
  [null, 'green'],
  [0.5, 'orange'],
  [1, 'red'],
];

/** The budget allows 1.1; the alert is at 1.2. */
export const AMPLIFICATION_STEPS: readonly Step[] = [
  [null, 'green'],
  [1.11, 'orange'],
  [1.2, 'red'],
];

/** What should be 0. */
export const NONE_STEPS: readonly Step[] = [
  [null, 'green'],
  [0.001, 'orange'],
];

export const TEN_PERCENT_STEPS: readonly Step[] = [
  [null, 'transparent'],
  [0.1, 'red'],
];
