import type { Provenance } from '@halfopen/figures/provenance';

/** By name, in order of the rounds. */
export type Rounds = Readonly<Record<string, readonly number[]>>;

/** What a run has measured, as it was measured: every figure of the page is made from this. */
export interface Measurements {
  readonly provenance: Provenance;
  /** Versions of what is measured. */
  readonly versions: Readonly<Record<string, string>>;
  /** Contenders that are not installed. */
  readonly absent: readonly string[];
  /** From the start of the process to its first right answer. */
  readonly startUpMs: Rounds;
  /** CPU of the edge's process for each request; closed loop. */
  readonly cpuUs: Rounds;
  /** Answers a second in those windows, and of how many cores. */
  readonly perSecond: Rounds;
  readonly cores: Rounds;
  /** Of how many cores other processes of the machine have taken in those windows: a quiet machine has none. */
  readonly othersCores: Rounds;
  /** After those windows. */
  readonly residentBytes: Readonly<Record<string, number>>;
  /** Open loop, from when a request was due. */
  readonly latency: readonly Latency[];
  /** CPU of an answer while the breaker is open, by contender. */
  readonly refusalCpuUs: Rounds;
  /** CPU of an answer while all is well, measured in turn with the refusals. */
  readonly successCpuUs: Rounds;
  /** CPU for each request, by contender, then by connections. */
  readonly byConnections: Readonly<Record<string, Rounds>>;
  /** The same, by endpoints of the greeter. */
  readonly byEndpoints: Readonly<Record<string, Rounds>>;
}

export interface Latency {
  /** Of whose capacity this is half: the name of a contender. */
  readonly halfOf: string;
  readonly ratePerS: number;
  readonly p50Ms: Rounds;
  readonly p99Ms: Rounds;
  /** How late the requests were sent, at the 99th percentile: the precision of all this. */
  readonly latenessP99Ms: Rounds;
  /** CPU for each request, everybody at the same rate. */
  readonly cpuUs: Rounds;
}

/** Memory of our edge over many requests: a measurement of its own, it takes minutes. */
export interface Memory {
  readonly provenance: Provenance;
  /** At the same number of requests after one another, beginning with none. */
  readonly samples: readonly { readonly requests: number; readonly residentBytes: number }[];
}

/** Whose code our edge runs under load: a measurement of its own, a profiler makes everything slower. */
export interface Profile {
  readonly provenance: Provenance;
  readonly requests: number;
  /** Of the time in which the main thread was busy, largest first. */
  readonly shares: readonly { readonly what: string; readonly share: number }[];
}

/** What is kept of the last full run, of the last look at the memory, and of the last profile. */
export interface Benchmarks {
  readonly measurements: Measurements;
  readonly memory: Memory | null;
  readonly profile: Profile | null;
}

/** What a hop to a server costs that names no requests, against a hop to ours. */
export interface ForeignCost {
  /** Microseconds of CPU of our edge for each request, round by round. */
  readonly cpuUs: Readonly<Record<'ours' | 'naming' | 'foreign', readonly number[]>>;
  /** New connections to the foreign server for each request, under uninterrupted load. */
  readonly connectionsPerRequest: number;
}
