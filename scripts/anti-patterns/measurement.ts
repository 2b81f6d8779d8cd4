/** What one measurement of an anti-pattern is, and how it is taken. */

/** How it is measured: over sockets of this machine, on this process's own clock, or on a virtual one. */
type Stage = 'sockets' | 'in process' | 'simulated';

export interface Figure {
  readonly amount: number;
  /** What came out of it: a status, an error's code, a state. */
  readonly ended?: string;
}

export interface Measurement {
  /** Names its figures in measured.json. */
  readonly id: string;
  /** The bold words of the bullet that explains it. */
  readonly antiPattern: string;
  /** What was done to both: Markdown. Sizes that are given, never figures that come out. */
  readonly done: string;
  readonly stage: Stage;
  /** The library that is used naively; `undefined` where it is a variant of a policy of ours. */
  readonly library: 'axios' | 'axios-retry' | 'cockatiel' | 'opossum' | undefined;
  /** What an amount is, as the table says it: `12` to `12 ms`. */
  readonly say: (amount: string) => string;
  /** Decimals of the amount in the table. @default 0 */
  readonly digits?: number;
  /** How often it is taken, where chance or this machine's mood changes the figure. @default 1 */
  readonly rounds?: number;
  readonly naive: () => Promise<Figure>;
  /** `undefined` where there is nothing of ours to compare with. */
  readonly ours: (() => Promise<Figure>) | undefined;
  /** Whether the figures show what the page says of the anti-pattern. */
  readonly shows: (naive: Figure, ours: Figure) => boolean;
}

/** In order of the rounds. */
export interface Figures {
  readonly naive: readonly Figure[];
  /** None where there is nothing of ours. */
  readonly ours: readonly Figure[];
}

/** A measurement that does not show its anti-pattern: the library, or ours, no longer does what the page says. */
export class NotShown extends Error {
  constructor({ id }: Measurement, naive: Figure, ours: Figure | undefined) {
    super(
      `${id}: ${JSON.stringify(naive)} by the naive, ${JSON.stringify(ours)} by ours does not show what the page says`,
    );
    this.name = 'NotShown';
  }
}

/** @throws NotShown */
export async function take(measurement: Measurement): Promise<Figures> {
  const naive: Figure[] = [];
  const ours: Figure[] = [];
  for (let round = 0; round < (measurement.rounds ?? 1); round++) {
    const bad = await measurement.naive();
    const good = await measurement.ours?.();
    if (!measurement.shows(bad, good ?? bad)) throw new NotShown(measurement, bad, good);
    naive.push(bad);
    if (good !== undefined) ours.push(good);
  }
  return { naive, ours };
}
