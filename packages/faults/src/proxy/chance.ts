import { hash } from 'node:crypto';

/** One toxic on one connection. */
export interface Subject {
  readonly seed: number;
  readonly proxy: string;
  readonly toxic: string;
  /** The number of the connection, counted from 1 for each proxy in the order of acceptance. */
  readonly connection: number;
}

/**
 * A number in [0, 1) for one toxic on one connection. Draw 0 decides whether the toxic affects the connection; the others
 * are its jitter and slice sizes. So a seed affects the same connections each time. Toxiproxy does not promise that: its
 * `-seed` seeds one generator that all connections share.
 */
export function chanceOf({ seed, proxy, toxic, connection }: Subject, draw: number): number {
  // As JSON, because names are free text: `a` + `bc` must not equal `ab` + `c`.
  const digest = hash('sha256', JSON.stringify([seed, proxy, toxic, connection, draw]), 'buffer');
  return digest.readUInt32BE(0) / 2 ** 32;
}
