import type { AttemptLog } from './attempt-log.ts';

/** One greeter, as faults see it. */
export interface Greeter {
  /** Of its `/faults` and `/metrics`; `undefined` where it has none that can be reached. */
  readonly opsUrl: string;
  /** Stops the process or lets it go on. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** Resolves once it listens again, on the same port. */
  readonly restart: () => Promise<void>;
}

/** What an experiment is done to. */
export interface System {
  /** For the result: where it ran. */
  readonly where: string;
  /** Takes the load. */
  readonly url: string;
  /** Of the edge's `/downstreams` and `/metrics`. */
  readonly edgeOpsUrl: string | undefined;
  readonly greeters: readonly Greeter[];
  /** Where the edge finds each greeter, in their order; empty where the runner has not told it. */
  readonly greeterUrls: readonly string[];
  /** Attempts one by one, where somebody can count them so. */
  readonly attempts: AttemptLog | undefined;
  /** Names of the wire proxies between edge and greeters. */
  readonly proxies: readonly string[];
  /** What went wrong with it while it ran, a sentence each. */
  readonly remarks: readonly string[];
  stop(): Promise<void>;
}
