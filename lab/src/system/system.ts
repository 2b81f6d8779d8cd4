import type { AttemptLog } from './attempt-log.ts';

/** One greeter, as faults see it. */
export interface Greeter {
  /** Base URL of its `/faults` and `/metrics`. */
  readonly opsUrl: string;
  /** Stops the process, or continues it. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** Resolves once it listens again, on the same port. */
  readonly restart: () => Promise<void>;
}

/** The system under test. */
export interface System {
  /** Where it runs, for the result. */
  readonly where: string;
  /** Receives the load. */
  readonly url: string;
  /** Base URL of the edge's `/downstreams` and `/metrics`; `undefined` when it cannot be reached. */
  readonly edgeOpsUrl: string | undefined;
  readonly greeters: readonly Greeter[];
  /** The greeters' addresses as the edge knows them, in order; empty when the runner did not start them. */
  readonly greeterUrls: readonly string[];
  /** The attempts one by one; `undefined` when they cannot be counted so. */
  readonly attempts: AttemptLog | undefined;
  /** Names of the wire proxies between the edge and the greeters. */
  readonly proxies: readonly string[];
  /** What went wrong with it during the run, one sentence each. */
  readonly remarks: readonly string[];
  stop(): Promise<void>;
}
