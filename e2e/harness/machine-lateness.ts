import { measureLateness as measure } from '@halfopen/testing';
import { running } from './running.ts';

export { nowMs, timed } from '@halfopen/testing';

/** Measures lateness, with the processes that this test has started as those under test. */
export const measureLateness = () => measure([...running]);
