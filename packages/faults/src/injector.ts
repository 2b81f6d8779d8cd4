import { chanceOf } from './decide.ts';
import { drawMs } from './latency.ts';
import { MAX_DELAY_MS, MAX_LEAK_BYTES } from './limits.ts';
import { EMPTY_PLAN } from './plan.ts';
import { type Load, ProcessLoad, type ProcessLoadOptions } from './process-load.ts';
import { type Fault, type FaultPlan, PROCESS_EFFECTS } from './schema.ts';

/** What decides which fault hits a request. */
export interface Candidate {
  readonly requestId: string;
  /** Which attempt of a call this is; `1` where nobody says. */
  readonly attempt: string;
  /** The operation that was asked for, if it is one. */
  readonly operation: string | undefined;
  /** The `user-agent` of the request. */
  readonly userAgent: string | undefined;
}

/** The plan in force, and what it has done so far. */
export interface PlanStatus extends FaultPlan {
  /** How often each fault has fired; those that hit the process fire once, when they begin. */
  readonly injected: Readonly<Record<string, number>>;
  /** How long each fault is still in force. 0: its time is up, or its count is spent. */
  readonly leftMs: Readonly<Record<string, number>>;
}

export interface InjectorOptions extends ProcessLoadOptions {
  /** Milliseconds of a clock that never jumps. Default: the process's. */
  readonly now?: () => number;
  /** Told of each fault of a plan that fires without a request: the ids of those that hit the process. */
  readonly onBegun?: (faultId: string) => void;
}

/** The plan in force in one process, and what it has done so far. It lives in memory only: a restart comes up clean. */
export class Injector {
  readonly #now: () => number;
  readonly #onBegun: (faultId: string) => void;
  readonly #load: ProcessLoad;
  #plan: FaultPlan = EMPTY_PLAN;
  #since = 0;
  #hits = new Map<string, number>();

  constructor(options: InjectorOptions = {}) {
    this.#now = options.now ?? (() => performance.now());
    this.#onBegun = options.onBegun ?? (() => undefined);
    this.#load = new ProcessLoad(() => this.#wanted(), options);
  }

  get status(): PlanStatus {
    const ofEach = (what: (fault: Fault) => number) =>
      Object.fromEntries(this.#plan.faults.map((fault) => [fault.id, what(fault)]));
    return {
      ...this.#plan,
      injected: ofEach(({ id }) => this.#hits.get(id) ?? 0),
      leftMs: ofEach((fault) => Math.ceil(this.#leftMs(fault))),
    };
  }

  /** Puts a plan in force; counts and times begin at 0. */
  use(plan: FaultPlan): void {
    this.#plan = plan;
    this.#since = this.#now();
    this.#hits = new Map();
    for (const fault of plan.faults.filter(hitsProcess)) {
      this.#hits.set(fault.id, 1);
      this.#onBegun(fault.id);
    }
    this.#load.update();
  }

  /** Takes the plan back, and everything that it holds. */
  clear(): void {
    this.use(EMPTY_PLAN);
  }

  /** The first fault of the plan that hits this attempt of this request. It counts as fired. */
  pick(candidate: Candidate): Fault | undefined {
    const { seed, faults } = this.#plan;
    const { requestId, attempt } = candidate;
    const hit = faults.find(
      (fault) =>
        !hitsProcess(fault) &&
        matches(fault, candidate) &&
        chanceOf(seed, fault.id, requestId, attempt) < fault.rate &&
        this.#leftMs(fault) > 0,
    );
    if (hit !== undefined) this.#hits.set(hit.id, (this.#hits.get(hit.id) ?? 0) + 1);
    return hit;
  }

  /**
   * How long this fault delays this attempt of this request, in milliseconds. Drawn from the same hash as the decision,
   * but independent of it: those that are hit are not the slow ones.
   */
  delayMs(fault: Fault, { requestId, attempt }: Candidate): number {
    const chance = (of: string) => chanceOf(this.#plan.seed, `${fault.id}\n${of}`, requestId, attempt);
    const { delayMs = 0, jitterMs = 0 } = fault;
    if (typeof delayMs === 'object') return drawMs(delayMs, chance('delay'), chance('delay 2'));
    return Math.min(MAX_DELAY_MS, delayMs + jitterMs * chance('jitter'));
  }

  /** The fault that keeps the service from being ready. */
  get notReady(): string | undefined {
    return this.#plan.faults.find((fault) => fault.notReady && this.#leftMs(fault) > 0)?.id;
  }

  #leftMs(fault: Fault): number {
    if (!hitsProcess(fault) && (this.#hits.get(fault.id) ?? 0) >= (fault.count ?? Number.POSITIVE_INFINITY)) return 0;
    const mostMs = Math.min(this.#plan.forMs, fault.forMs ?? Number.POSITIVE_INFINITY);
    return Math.max(0, mostMs - (this.#now() - this.#since));
  }

  #wanted(): Load {
    const inForce = this.#plan.faults.filter((fault) => this.#leftMs(fault) > 0);
    return {
      cpu: Math.min(
        1,
        inForce.reduce((sum, { cpu = 0 }) => sum + cpu, 0),
      ),
      leakBytes: Math.min(
        MAX_LEAK_BYTES,
        inForce.reduce((sum, { leak = 0 }) => sum + leak, 0),
      ),
    };
  }
}

function hitsProcess(fault: Fault): boolean {
  return PROCESS_EFFECTS.some((effect) => fault[effect] !== undefined);
}

function matches({ operation, caller }: Fault, candidate: Candidate): boolean {
  return (
    (operation === undefined || operation === candidate.operation) &&
    (caller === undefined || caller.toLowerCase() === productOf(candidate.userAgent))
  );
}

/**
 * The product that a `user-agent` begins with, without its version (RFC 9110 §10.1.5), in lower case. HTTP has no other
 * name for who calls; Envoy (`add_user_agent`) puts the name of the calling service there, too.
 */
function productOf(userAgent: string | undefined): string | undefined {
  return /^[!#$%&'*+.^`|~\w-]+/.exec(userAgent ?? '')?.[0].toLowerCase();
}
