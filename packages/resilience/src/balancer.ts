import type { CallContext } from './call-context.ts';
import { CallError } from './call-error.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import type { Endpoint } from './endpoint.ts';
import { ignoreEvents, type PolicyListener } from './events.ts';
import { checkCount, checkMs, checkShare } from './options.ts';
import type { RecentOutcomes } from './outcome.ts';
import { eject, isEjected, isOnProbation, type Judged, outliersOf, PROBATION_SHARE, UNSUSPECTED } from './outliers.ts';
import type { Call, Policy } from './policy.ts';
import { createRecoveryQueue, type RecoveryOptions } from './recovery-queue.ts';

/** What guards one endpoint: its breaker. */
export interface EndpointGuard {
  readonly policy: Policy;
  /** Whether a call would be admitted now. */
  readonly admits: boolean;
  /** The latest outcomes. None unless the guard is closed: a half-open endpoint is to be asked, not judged. */
  readonly recent: RecentOutcomes;
  /** Milliseconds until a call may be admitted again. 0 while a probe is finding out. Without it, no call waits for the endpoint. */
  readonly retryAfterMs?: number;
  /** How often it has opened in a row without an answer in between. */
  readonly openings?: number;
  /** Forgets the latest outcomes. */
  forget(): void;
  /** The endpoint is gone. */
  close(): void;
}

export interface BalancerOptions<Guard extends EndpointGuard> {
  /**
   * Makes the guard of a new endpoint. The guard lives as long as the endpoint is known.
   * @param onChange to be called when the guard may admit again, or no longer does
   */
  readonly guard: (endpoint: Endpoint, onChange: () => void) => Guard;
  /** Lets a call that no endpoint admits wait for the first one that does. Default: it is refused at once. */
  readonly recovery?: RecoveryOptions | undefined;
  /**
   * Largest share of the endpoints that may be left out. Beyond it, calls to the remaining bad ones are refused instead of moved:
   * moved onto the few good ones, they would overload those too (Envoy's max_ejection_percent). Default 0.5.
   */
  readonly maxLeftOut?: number;
  /** Outcomes needed before an endpoint can be found to fail more than the others. Default 20. */
  readonly minimumOutcomes?: number;
  /** Called when an endpoint is ejected. Default: nobody. */
  readonly onEvent?: PolicyListener;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Default `Math.random`. */
  readonly random?: Random;
}

export interface EndpointStatus<Guard> {
  readonly endpoint: Endpoint;
  readonly guard: Guard;
  readonly inFlight: number;
  /** Until when the endpoint is ejected as an outlier, on the balancer's clock. */
  readonly ejectedUntil: number;
}

export interface Balancer<Guard> {
  readonly policy: Policy;
  /** Whether an endpoint other than these would take an attempt now. */
  admitsBeside(tried: ReadonlySet<string>): boolean;
  /** Replaces the set of endpoints. Endpoints that stay keep their guard and what it knows. */
  update(endpoints: readonly Endpoint[]): void;
  readonly endpoints: readonly EndpointStatus<Guard>[];
  /** Calls that wait for an endpoint to come back. */
  readonly waiting: number;
}

/**
 * Sends each attempt to the better of two endpoints drawn at random: the one with fewer requests in flight. That is nearly as
 * good as asking all of them, and does not send everybody to the same one (M. Mitzenmacher, "The Power of Two Choices in
 * Randomized Load Balancing", 2001). A slow endpoint has more in flight, so it gets less before any breaker notices.
 *
 * Three kinds of endpoints are left out: those whose guard does not admit, those that fail far more than the others (a gray
 * endpoint still answers half of its calls, too many for its breaker to open), and, while there is another, those that this call
 * has already tried. An endpoint that returns is on probation first. It gets a trickle of calls until it has shown that it
 * works; otherwise every return of a gray endpoint would cost as many calls as finding it out did.
 * @throws CallError `unreachable`, sent `never`, when no endpoint is known
 * @throws RangeError for an option out of range
 */
export function createBalancer<Guard extends EndpointGuard>(options: BalancerOptions<Guard>): Balancer<Guard> {
  const {
    maxLeftOut = DEFAULTS.maxLeftOut,
    minimumOutcomes = DEFAULTS.breakerMinimumCalls,
    onEvent = ignoreEvents,
    clock = systemClock,
    random = Math.random,
  } = options;
  checkShare('maxLeftOut', maxLeftOut);
  checkCount('minimumOutcomes', minimumOutcomes, { min: 1 });
  if (options.recovery !== undefined) {
    checkMs('recovery.mostMs', options.recovery.mostMs, { min: 1 });
    checkCount('recovery.maxWaiting', options.recovery.maxWaiting, { min: 1 });
  }
  let members: Member<Guard>[] = [];
  const queue =
    options.recovery === undefined
      ? undefined
      : createRecoveryQueue<Member<Guard>>(() => members, options.recovery, clock, onEvent);
  /** Waits until an endpoint admits the call. If none does in time, the one given refuses it. */
  const waitFor = async (refusing: Member<Guard>, context: CallContext, recovery: NonNullable<typeof queue>) => {
    const boundAt = recovery.boundFor(context);
    let member = refusing;
    while (!member.guard.admits) {
      // oxlint-disable-next-line no-await-in-loop -- a newcomer may have been faster
      const back = await recovery.wait(context, boundAt);
      if (back === undefined) return refusing;
      member = back;
    }
    return member;
  };
  const newMember = (endpoint: Endpoint): Member<Guard> => {
    const guard = options.guard(endpoint, () => queue?.changed(member));
    const member: Member<Guard> = { endpoint, guard, inFlight: 0, ...UNSUSPECTED };
    return member;
  };
  const mostLeftOut = () => Math.floor(members.length * maxLeftOut);

  const pick = (tried: ReadonlySet<string>): Member<Guard> => {
    if (members.length === 0) {
      // Final: discovery finds endpoints in its own time, and a retry would spend budget for nothing.
      throw new CallError('unreachable', 'no endpoint is known', { final: true });
    }
    if (members.length === 1) {
      // There is nobody to choose instead: it is asked, and its guard may refuse.
      const [only] = members as [Member<Guard>];
      if (!only.guard.admits) only.onProbation = true;
      return only;
    }
    const now = clock.now();
    const wellBehaved = members.filter((member) => !isEjected(member, now));
    for (const outlier of outliersOf(wellBehaved, minimumOutcomes)) {
      if (members.length - wellBehaved.length >= mostLeftOut()) break;
      const { outcomes, failures } = outlier.guard.recent;
      const forMs = eject(outlier, now);
      onEvent({ type: 'ejection', endpoint: outlier.endpoint.origin, forMs, outcomes, failures });
      wellBehaved.splice(wellBehaved.indexOf(outlier), 1);
    }
    const admitting = wellBehaved.filter(({ guard }) => guard.admits);
    if (admitting.length < members.length) {
      for (const member of members) if (!admitting.includes(member)) member.onProbation = true;
    }
    const trusted = admitting.filter((member) => !isOnProbation(member) || random() < PROBATION_SHARE);
    const candidates = [trusted, admitting].find((some) => members.length - some.length <= mostLeftOut()) ?? members;
    const fresh = candidates.filter(({ endpoint }) => !tried.has(endpoint.origin));
    return betterOfTwo(fresh.length > 0 ? fresh : candidates.length > 0 ? candidates : members, random);
  };

  return {
    policy<T>(next: Call<T>): Call<T> {
      // Each guard wraps `next` once and not once a call. The entry goes away together with the endpoint.
      const guarded = new WeakMap<Member<Guard>, Call<T>>();
      return async (context: CallContext) => {
        let member = pick(context.tried);
        const mustWait = queue !== undefined && !member.guard.admits;
        if (mustWait) member = await waitFor(member, context, queue);
        let call = guarded.get(member);
        if (call === undefined) {
          call = member.guard.policy(next);
          guarded.set(member, call);
        }
        context.tried.add(member.endpoint.origin);
        member.inFlight++;
        try {
          const answer = call({ ...context, endpoint: member.endpoint });
          // If the endpoint admits another call, that is the next one that waits.
          if (mustWait) queue.changed(member);
          return await answer;
        } finally {
          member.inFlight--;
        }
      };
    },
    admitsBeside(tried) {
      const now = clock.now();
      return members.some(
        (member) => !tried.has(member.endpoint.origin) && !isEjected(member, now) && member.guard.admits,
      );
    },
    update(endpoints) {
      const known = new Map(members.map((member) => [member.endpoint.origin, member]));
      members = endpoints.map((endpoint) => {
        const member = known.get(endpoint.origin);
        if (member === undefined) return newMember(endpoint);
        // Its other addresses may have changed.
        member.endpoint = endpoint;
        return member;
      });
      const kept = new Set(members);
      for (const member of known.values()) if (!kept.has(member)) member.guard.close();
      if (members.length === 0) queue?.close();
      for (const member of members) if (!known.has(member.endpoint.origin)) queue?.changed(member);
    },
    get waiting() {
      return queue?.waiting ?? 0;
    },
    get endpoints() {
      return members;
    },
  };
}

interface Member<Guard extends EndpointGuard> extends Judged {
  endpoint: Endpoint;
  readonly guard: Guard;
  inFlight: number;
}

function betterOfTwo<Guard extends EndpointGuard>(members: readonly Member<Guard>[], random: Random): Member<Guard> {
  const first = Math.floor(random() * members.length);
  // Drawn among the others, because the same endpoint twice would be no choice.
  const second =
    members.length > 1 ? (first + 1 + Math.floor(random() * (members.length - 1))) % members.length : first;
  const [a, b] = [members[first], members[second]] as [Member<Guard>, Member<Guard>];
  // An endpoint that does not admit has nothing in flight. Compared by that, it would attract the calls of those that work.
  return a.guard.admits && b.guard.admits && b.inFlight < a.inFlight ? b : a;
}
