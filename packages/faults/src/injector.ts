import { chanceOf } from './decide.ts';
import { EMPTY_PLAN, type Fault, type FaultPlan } from './plan.ts';

/** The plan in force in one process, and what it has done so far. */
export class Injector {
  #plan: FaultPlan = EMPTY_PLAN;
  #hits = new Map<string, number>();

  get plan(): FaultPlan {
    return this.#plan;
  }

  /** How often each fault of the plan has fired. */
  get injected(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#plan.faults.map(({ id }) => [id, this.#hits.get(id) ?? 0]));
  }

  /** Puts a plan in force; counts begin at 0. */
  use(plan: FaultPlan): void {
    this.#plan = plan;
    this.#hits = new Map();
  }

  /** The first fault of the plan that hits this attempt of this request. It counts as fired. */
  pick(requestId: string, attempt: string): Fault | undefined {
    const { seed, faults } = this.#plan;
    const hit = faults.find((fault) => {
      const spent = fault.count !== undefined && (this.#hits.get(fault.id) ?? 0) >= fault.count;
      return !spent && chanceOf(seed, fault.id, requestId, attempt) < fault.rate;
    });
    if (hit !== undefined) this.#hits.set(hit.id, (this.#hits.get(hit.id) ?? 0) + 1);
    return hit;
  }

  /** How long this fault delays this attempt of this request, in milliseconds. */
  delayMs(fault: Fault, requestId: string, attempt: string): number {
    const jitter = (fault.jitterMs ?? 0) * chanceOf(this.#plan.seed, `${fault.id}\njitter`, requestId, attempt);
    return (fault.delayMs ?? 0) + jitter;
  }
}
