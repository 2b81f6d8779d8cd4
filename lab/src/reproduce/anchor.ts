import type { Measured } from './measured.ts';
import type { Replicate } from './replicate.ts';

/** Where a result was published. */
interface Source {
  readonly authors: string;
  readonly title: string;
  readonly year: number;
  readonly url: string;
}

/** A figure or statement of a source, beside what the simulator gives. */
export interface Claim {
  /** What is measured, with its unit. */
  readonly what: string;
  /** What the source says. */
  readonly published: string;
  /** What the source's own code gives. Default: it was not run. */
  readonly theirs?: string;
  /** What the simulator gives, as text, with its interval. */
  readonly ours: string;
  /** What the simulator gives, for tests. */
  readonly measured: Measured;
  /** Whether ours agrees with the source. `null`: the source says nothing about it, or the run was interrupted before it. */
  readonly holds: boolean | null;
}

/** A picture of a reproduction, in a file beside the page. */
interface ReproductionPicture {
  readonly svg: string;
  /** The content in words. */
  readonly alt: string;
}

export interface Reproduction {
  readonly claims: readonly Claim[];
  /** What came to light beside the claims, as Markdown. */
  readonly findings: readonly string[];
  /** `null` when the run was interrupted before there was anything to draw. */
  readonly picture?: ReproductionPicture | null;
}

/** A published result that can be reproduced. */
export interface Anchor {
  /** Names it on the command line and in file names. */
  readonly name: string;
  readonly title: string;
  readonly sources: readonly Source[];
  /** What is simulated, what was assumed, and when a claim holds. Markdown. */
  readonly method: readonly string[];
  /** How the source's own code was run. Markdown. Default: it was not, and `method` says why. */
  readonly ownCode?: string;
  /** Seeds of each variant. */
  readonly seeds: number;
  /** How many times `run` calls `replicate`, for the progress. */
  readonly variants: number;
  run(replicate: Replicate): Promise<Reproduction>;
}
