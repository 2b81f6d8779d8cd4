import type { Word } from '../start/control.ts';

export type SystemName = 'start' | 'compose';

/** One process or container of a running system. */
export interface Row {
  readonly service: string;
  readonly state: string;
  /** Number of the process, or name of the container. */
  readonly id: string;
  /** Addresses that it can be reached at. */
  readonly where: string;
}

/** A running system whose processes can be broken. Each command resolves to a line that says what was done. */
export interface System {
  /** How it is run, for people: `pnpm start (pid 123)`. */
  readonly title: string;
  readonly status: () => Promise<readonly Row[]>;
  readonly command: (word: Word, service: string) => Promise<string>;
  readonly scale: (service: string, count: number) => Promise<string>;
  /** Takes the network away from it. */
  readonly isolate: (service: string) => Promise<string>;
  readonly rejoin: (service: string) => Promise<string>;
}

/** What cannot be done, and why, in a line for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}
