/** How it is measured: over loopback sockets, in this process on the real clock, or on a virtual clock. */
type Stage = 'sockets' | 'in process' | 'simulated';

export interface Figure {
  readonly amount: number;
  /** How it ended: `answer`, the code of an error, or the state of a breaker. */
  readonly ended?: string;
}

/** One row of a page's table: the cost of an anti-pattern, and the same for our policy. */
export interface Measurement {
  /** The key of its figures in measured.json. */
  readonly id: string;
  /** The bold words that begin the item on the page which explains the anti-pattern. */
  readonly antiPattern: string;
  /** What is done to both sides, as Markdown. It states the inputs, never a result. */
  readonly done: string;
  readonly stage: Stage;
  /** The library that is used naively; `undefined` if the naive side is a variant of our own policy. */
  readonly library: 'axios' | 'axios-retry' | 'cockatiel' | 'opossum' | undefined;
  /** Adds the unit to an amount in the table: `12` becomes `12 ms`. */
  readonly say: (amount: string) => string;
  /** Decimals of the amount in the table. @default 0 */
  readonly digits?: number;
  /** How often it is measured, if chance or the machine changes the figure. The table shows the range. @default 1 */
  readonly rounds?: number;
  readonly naive: () => Promise<Figure>;
  /** `undefined` if none of our policies compares with it. */
  readonly ours: (() => Promise<Figure>) | undefined;
  /** Whether the figures prove what the page says about the anti-pattern. */
  readonly shows: (naive: Figure, ours: Figure) => boolean;
}

/** One figure for each round. */
export interface Figures {
  readonly naive: readonly Figure[];
  /** Empty if the measurement has no `ours`. */
  readonly ours: readonly Figure[];
}

/** The figures do not prove what the page says: the library or our policy has changed its behaviour. */
export class NotShown extends Error {
  constructor({ id }: Measurement, naive: Figure, ours: Figure | undefined) {
    super(
      `${id}: the figures do not prove what the page says (naive ${JSON.stringify(naive)}, ours ${JSON.stringify(ours)})`,
    );
    this.name = 'NotShown';
  }
}

/**
 * Runs every round of a measurement.
 * @throws NotShown as soon as one round does not prove the anti-pattern
 */
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
