import { hash } from 'node:crypto';

/** Which toxic of which connection is asked about. */
export interface Subject {
  readonly seed: number;
  readonly proxy: string;
  readonly toxic: string;
  /** Connections of a proxy are counted from 1, in the order in which they are accepted. */
  readonly connection: number;
}

/**
 * A number in [0, 1) that belongs to this toxic on this connection: the first draw (0) decides whether the toxic takes
 * hold of the connection, the others are its jitter and slice sizes. So the same seed hits the same connections, which
 * Toxiproxy does not promise: its `-seed` seeds a generator that all connections share.
 */
export function chanceOf({ seed, proxy, toxic, connection }: Subject, draw: number): number {
  // JSON, because names are free text: `a` + `bc` must not be `ab` + `c`.
  const digest = hash('sha256', JSON.stringify([seed, proxy, toxic, connection, draw]), 'buffer');
  return digest.readUInt32BE(0) / 2 ** 32;
}
