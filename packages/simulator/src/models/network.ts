import { constant, type Distribution } from '../engine/distributions.ts';

export interface NetworkOptions {
  /** How long a message is on its way, in each direction. Default: half a millisecond, as within a data centre. */
  readonly delay?: Distribution;
}

export const DEFAULT_DELAY: Distribution = constant(0.5);
