import { measureLateness as measure, timed as timedWith } from '@halfopen/testing';
import { running } from './running.ts';

export { nowMs } from '@halfopen/testing';

/** Measures lateness, with the processes that this test has started as those under test. */
export const measureLateness = () => measure([...running]);

/** Does something, in this process and in those that this test has started. */
export const timed = <T>(work: () => Promise<T>) => timedWith(work, [...running]);
