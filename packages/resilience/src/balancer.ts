import { CallError } from './call-error.ts';
import type { Clock, Random } from './clock.ts';
import type { PolicyListener } from './events.ts';
import type { Call, CallContext, Policy } from './policy.ts';

/** Where an attempt can go: one process of the downstream. */
export interface Endpoint {
  /** Scheme, address and port: `http://10.0.0.7:5000`. Names the endpoint. */
  readonly origin: string;
  /** Host and port as the settings name them, for the Host header: `greeter:5000`. */
  readonly host: string;
}

/** What watches over one endpoint: its breaker. */
export interface EndpointGuard {
  readonly policy: Policy;
  /** Whether a call would be let through now. */
  readonly admits: boolean;
  /** The last outcomes. None while it lets nobody or only a probe through: then it is to be asked, not judged. */
  readonly recent: RecentOutcomes;
  /** Forgets the last outcomes. */
  forget(): void;
  /** The endpoint is gone. */
  close(): void;
}

export interface RecentOutcomes {
  readonly outcomes: number;
  /** How many of them were failures. */
  readonly failures: number;
}

export interface BalancerOptions<Guard extends EndpointGuard> {
  /** Makes the guard of a new endpoint. It lives as long as the endpoint is known. */
  readonly guard: (endpoint: Endpoint) => Guard;
  /**
   * Most of the endpoints, as a share, that may be left out. Beyond it their calls
   * are refused instead: pushed onto the few that are left, they would drown those too (Envoy's max_ejection_percent).
   */
  readonly maxLeftOut: number;
  /** Outcomes it takes to tell that an endpoint fails more than the others. */
  readonly minimumOutcomes: number;
  readonly onEvent: PolicyListener;
  readonly clock: Clock;
  readonly random: Random;
}

export interface EndpointStatus<Guard> {
  readonly endpoint: Endpoint;
  readonly guard: Guard;
  readonly inFlight: number;
  /** Until when the endpoint is left out as an outlier, on the balancer's clock. */
  readonly ejectedUntil: number;
}

export interface Balancer<Guard> {
  readonly policy: Policy;
  /** The endpoints there are now. Those that stay keep their guard and what it knows. */
  update(endpoints: readonly Endpoint[]): void;
  readonly endpoints: readonly EndpointStatus<Guard>[];
}

/**
 * Sends each attempt to the better of two endpoints drawn at random: the one with fewer requests in flight. As good as
 * asking all of them, without everybody running to the same one (M. Mitzenmacher, "The Power of Two Choices in
 * Randomized Load Balancing", 2001). A slow endpoint has more in flight and gets less, before any breaker notices.
 * Left out are endpoints whose guard does not admit, those that fail far more than the others (half of the answers of
 * a gray one are still good, too many for a breaker to open), and, as long as there is another, those that an attempt
 * of the same call has gone to. One that comes back is on probation first: it gets a trickle of the calls until it has
 * shown that it is well, or every return of a gray one would cost as many calls as finding it out did.
 * @throws CallError `unreachable`, sent `never`, when no endpoint is known
 */
export function createBalancer<Guard extends EndpointGuard>(options: BalancerOptions<Guard>): Balancer<Guard> {
  const { clock, random, maxLeftOut, minimumOutcomes, onEvent } = options;
  let members: Member<Guard>[] = [];
  const mostLeftOut = () => Math.floor(members.length * maxLeftOut);

  const pick = (tried: ReadonlySet<string>): Member<Guard> => {
    if (members.length === 0) {
      // Final: whoever looks for endpoints looks in its own time, and a retry would cost the budget for nothing.
      throw new CallError('unreachable', 'no endpoint is known', { final: true });
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
      // Each guard wraps `next` once, not once a call; forgotten together with the endpoint.
      const guarded = new WeakMap<Member<Guard>, Call<T>>();
      return async (context: CallContext) => {
        const member = pick(context.tried);
        let call = guarded.get(member);
        if (call === undefined) {
          call = member.guard.policy(next);
          guarded.set(member, call);
        }
        context.tried.add(member.endpoint.origin);
        member.inFlight++;
        try {
          return await call({ ...context, endpoint: member.endpoint });
        } finally {
          member.inFlight--;
        }
      };
    },
    update(endpoints) {
      const known = new Map(members.map((member) => [member.endpoint.origin, member]));
      members = endpoints.map(
        (endpoint) =>
          known.get(endpoint.origin) ?? {
            endpoint,
            guard: options.guard(endpoint),
            inFlight: 0,
            ejectedUntil: Number.NEGATIVE_INFINITY,
            ejections: 0,
            onProbation: false,
          },
      );
      const kept = new Set(members);
      for (const member of known.values()) if (!kept.has(member)) member.guard.close();
    },
    get endpoints() {
      return members;
    },
  };
}

interface Member<Guard> {
  readonly endpoint: Endpoint;
  readonly guard: Guard;
  inFlight: number;
  ejectedUntil: number;
  ejections: number;
  /** Was left out, and has not shown since that it is well. */
  onProbation: boolean;
}

/** How long an outlier is left out the first time; so much more each time after. Envoy: 30 s, for clusters of many. */
const EJECTION_MS = 2_000;
const MAX_EJECTION_MS = 10_000;
/** One that has behaved for so long begins anew. */
const GOOD_BEHAVIOUR_MS = 30_000;

function isEjected<Guard>({ ejectedUntil }: Member<Guard>, now: number): boolean {
  return now < ejectedUntil;
}

/** Its guard forgets, so that the endpoint is judged afresh when it is back. @returns for how long it is left out */
function eject<Guard extends EndpointGuard>(member: Member<Guard>, now: number): number {
  member.ejections = now - member.ejectedUntil > GOOD_BEHAVIOUR_MS ? 1 : member.ejections + 1;
  const forMs = Math.min(EJECTION_MS * member.ejections, MAX_EJECTION_MS);
  member.ejectedUntil = now + forMs;
  member.guard.forget();
  return forMs;
}

/** Share of the choices that one on probation takes part in. */
const PROBATION_SHARE = 0.1;
/** Outcomes after which probation ends. So many that one that fails a tenth of them rarely passes. */
const PROBATION_OUTCOMES = 30;

function isOnProbation<Guard extends EndpointGuard>(member: Member<Guard>): boolean {
  if (member.onProbation && member.guard.recent.outcomes >= PROBATION_OUTCOMES) member.onProbation = false;
  return member.onProbation;
}

/** Where all fail alike, none is an outlier: leaving one out would not help. */
function outliersOf<Guard extends EndpointGuard>(
  members: readonly Member<Guard>[],
  minimumOutcomes: number,
): Member<Guard>[] {
  if (members.length < 2) return [];
  const all = members.map(({ guard }) => guard.recent);
  const [outcomes, failures] = [sumOf(all, 'outcomes'), sumOf(all, 'failures')];
  return members.filter(({ onProbation }, index) => {
    const own = all[index] ?? { outcomes: 0, failures: 0 };
    const others = { outcomes: outcomes - own.outcomes, failures: failures - own.failures };
    if (onProbation) return failsAgain(own, others);
    return own.outcomes >= minimumOutcomes && failsFarMore(own, others, minimumOutcomes);
  });
}

/** An outlier fails at least such a share of its calls, and such a multiple of the others' share … */
const OUTLIER_SHARE = 0.05;
const OUTLIER_MULTIPLE = 2;
/** … and the difference is so many times what chance makes it: three times are met by chance once in 700. */
const OUTLIER_DEVIATIONS = 3;

/** Two proportions compared (pooled z-test). Of whom too little is known, nothing bad is assumed. */
function failsFarMore(own: RecentOutcomes, others: RecentOutcomes, minimumOutcomes: number): boolean {
  const known = others.outcomes >= minimumOutcomes ? others : { outcomes: own.outcomes, failures: 0 };
  const [share, usual] = [shareOf(own), shareOf(known)];
  if (share < OUTLIER_SHARE || share < OUTLIER_MULTIPLE * usual) return false;
  const pooled = (own.failures + known.failures) / (own.outcomes + known.outcomes);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / own.outcomes + 1 / known.outcomes));
  return share - usual >= OUTLIER_DEVIATIONS * deviation;
}

/** One that has been an outlier is believed to be one still, on little evidence. */
const PROBATION_FAILURES = 2;
const PROBATION_OUTLIER_SHARE = 0.1;

function failsAgain(own: RecentOutcomes, others: RecentOutcomes): boolean {
  // Where the others are well, its first answer will do: each further one is at the cost of a caller.
  const nothingElse = own.failures === own.outcomes && shareOf(others) < OUTLIER_SHARE;
  if (own.failures < (nothingElse ? 1 : PROBATION_FAILURES)) return false;
  return shareOf(own) >= Math.max(PROBATION_OUTLIER_SHARE, OUTLIER_MULTIPLE * shareOf(others));
}

/** Share of failures, 0 to 1. */
function shareOf({ outcomes, failures }: RecentOutcomes): number {
  return outcomes === 0 ? 0 : failures / outcomes;
}

function sumOf(all: readonly RecentOutcomes[], which: keyof RecentOutcomes): number {
  return all.reduce((sum, recent) => sum + recent[which], 0);
}

function betterOfTwo<Guard extends EndpointGuard>(members: readonly Member<Guard>[], random: Random): Member<Guard> {
  const first = Math.floor(random() * members.length);
  // Drawn among the others: the same one twice would be no choice.
  const second =
    members.length > 1 ? (first + 1 + Math.floor(random() * (members.length - 1))) % members.length : first;
  const [a, b] = [members[first], members[second]] as [Member<Guard>, Member<Guard>];
  // One that does not admit has nothing in flight: compared by that, it would draw the calls of those that work.
  return a.guard.admits && b.guard.admits && b.inFlight < a.inFlight ? b : a;
}
