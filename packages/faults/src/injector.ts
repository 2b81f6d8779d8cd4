import { chanceOf } from './decide.ts';
import { drawMs } from './latency.ts';
import { MAX_DELAY_MS, MAX_LEAK_BYTES } from './limits.ts';
import { EMPTY_PLAN } from './plan.ts';
import { type Load, ProcessLoad, type ProcessLoadOptions } from './process-load.ts';
import { type Fault, type FaultPlan, PROCESS_EFFECTS } from './schema.ts';

/** The facts about a request that decide which fault hits it. */
export interface Candidate {
  readonly requestId: string;
  /** Which attempt of a call this is. `1` if the caller does not say. */
  readonly attempt: string;
  /** The operation that was asked for; `undefined` for an unknown path. */
  readonly operation: string | undefined;
  /** The `user-agent` of the request. */
  readonly userAgent: string | undefined;
}

/** The plan in force and what it has done so far, as `GET /faults` answers it. */
export interface PlanStatus extends FaultPlan {
  /** How often each fault has fired. A fault that hits the process fires once, when it begins. */
  readonly injected: Readonly<Record<string, number>>;
  /** Milliseconds that each fault is still in force. 0: its time or its count is used up. */
  readonly leftMs: Readonly<Record<string, number>>;
}

export interface InjectorOptions extends ProcessLoadOptions {
  /** A monotonic clock, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /** Called with the id of each fault that hits the process, when it begins. Default: nothing. */
  readonly onBegun?: (faultId: string) => void;
}

/** Holds the plan in force in one process and decides which requests it hits. In memory only: a restart has no faults. */
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

  /** Puts a plan in force. Its counts and times start at 0. */
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

  /** Removes the plan and frees the memory that it holds. */
  clear(): void {
    this.use(EMPTY_PLAN);
  }

  /** The first fault of the plan that hits this attempt of this request. It is counted as fired. */
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
   * How long this fault delays this attempt of this request, in milliseconds. Drawn from the same hash as the decision, but
   * independently of it: whether a request is hit says nothing about its delay.
   */
  delayMs(fault: Fault, { requestId, attempt }: Candidate): number {
    const chance = (of: string) => chanceOf(this.#plan.seed, `${fault.id}\n${of}`, requestId, attempt);
    const { delayMs = 0, jitterMs = 0 } = fault;
    if (typeof delayMs === 'object') return drawMs(delayMs, chance('delay'), chance('delay 2'));
    return Math.min(MAX_DELAY_MS, delayMs + jitterMs * chance('jitter'));
  }

  /** The id of the fault that makes `/readyz` answer 503, if there is one. */
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
 * The first product of a `user-agent`, without its version (RFC 9110 §10.1.5), in lower case. HTTP has no other field that
 * names the caller. Envoy (`add_user_agent`) puts the name of the calling service there as well.
 */
function productOf(userAgent: string | undefined): string | undefined {
  return /^[!#$%&'*+.^`|~\w-]+/.exec(userAgent ?? '')?.[0].toLowerCase();
}
