import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { abortError, type CallContext, type Endpoint, type Policy } from '@halfopen/resilience';

export interface DiscoveryOptions {
  /** Where the downstream is: one origin or several. A host name stands for all addresses that it resolves to. */
  readonly origins: readonly string[];
  /** How often names are resolved again. Default 2,000 ms. */
  readonly refreshMs?: number;
  /** Told the endpoints whenever they change. */
  readonly onChange: (endpoints: readonly Endpoint[]) => void;
  /** Resolves a host name to all of its addresses. Default: the system's resolver. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

export interface Discovery {
  /**
   * Holds calls until an endpoint is known, or every name has been looked up once without finding any. While no endpoint is known,
   * each call causes another look.
   */
  readonly policy: Policy;
  /** Something failed, and addresses may have changed: looks at once, and more often for a second. */
  refresh(): void;
  close(): void;
}

/**
 * Keeps the endpoints of a downstream up to date. Follows addresses that change, as those of restarted and scaled containers do. If
 * the name server fails or hangs, the last known addresses stay in use. If it answers "no such name", there is no endpoint.
 *
 * A name that has IPv4 and IPv6 addresses gives endpoints of one family, IPv4 if there is any: both families lead to the same
 * processes, not to twice as many. The addresses of the other family are the endpoints' alternatives.
 */
export function discover({
  origins,
  refreshMs = 2_000,
  onChange,
  resolve = systemResolve,
}: DiscoveryOptions): Discovery {
  const names = origins.map((origin) => watchName(new URL(origin), resolve, () => tell()));
  const known = Promise.withResolvers<void>();
  let ready = false;
  const goOn = () => {
    ready = true;
    known.resolve();
  };
  let told = '';
  const tell = () => {
    const endpoints = names.flatMap(({ endpoints: found }) => found());
    const key = endpoints.map(({ origin, alternatives = [] }) => [origin, ...alternatives].join(' ')).join();
    if (key === told) return;
    told = key;
    onChange(endpoints);
    if (key !== '') goOn();
  };
  const look = () => Promise.all(names.map((name) => name.look()));
  tell();
  let again: NodeJS.Timeout | undefined;
  void look().then(goOn);
  const fixed = names.every((name) => name.fixed);
  const timer = fixed ? undefined : setInterval(() => void look(), refreshMs).unref();
  const refresh = () => {
    if (fixed || again !== undefined) return;
    let looks = 0;
    void look();
    again = setInterval(() => {
      void look();
      if (++looks === SUSPICIOUS_LOOKS) {
        clearInterval(again);
        again = undefined;
      }
    }, SUSPICIOUS_MS).unref();
  };
  return {
    policy: (next) => {
      const held = async (context: CallContext) => {
        if (!ready) await Promise.race([known.promise, aborted(context.signal)]);
        // Without an endpoint nothing is tried, so no failed connection would cause a look.
        if (told === '') refresh();
        return next(context);
      };
      // Nearly every call: not even the cost of a promise.
      return (context) => (ready && told !== '' ? next(context) : held(context));
    },
    refresh,
    close() {
      clearInterval(timer);
      clearInterval(again);
    },
  };
}

/**
 * A process is gone before its name server knows it. So after a failure the names are looked up this often, this far apart. A storm of
 * failures does not become a storm of look-ups.
 */
const SUSPICIOUS_LOOKS = 10;
const SUSPICIOUS_MS = 100;

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(abortError(signal)), { once: true });
  });
}

/**
 * After this long without an answer, a look no longer keeps the next one from starting. Otherwise one lost answer would be the last
 * look. The system's resolver gives up later (glibc: 5 s for each name server and try), and holds two threads at most.
 */
const LOOK_GIVEN_UP_MS = 10_000;

function watchName(url: URL, resolve: (hostname: string) => Promise<readonly string[]>, onAnswer: () => void) {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  // `localhost` is two addresses for one process, not two endpoints.
  const fixed = isIP(hostname) !== 0 || hostname === 'localhost';
  let endpoints: readonly Endpoint[] = fixed ? [{ origin: url.origin, host: url.host }] : [];
  let looking: Promise<void> | undefined;
  let [lastBegun, lastAnswered] = [0, 0];

  const lookNow = async (): Promise<void> => {
    const own = ++lastBegun;
    let found: readonly string[] = [];
    try {
      found = await resolve(hostname);
    } catch (error) {
      if (!NOBODY_THERE.has((error as { code?: string }).code ?? '')) return;
    }
    // Given up and overtaken by a later look: this answer is out of date.
    if (own < lastAnswered) return;
    lastAnswered = own;
    endpoints = endpointsOf(url, found);
    onAnswer();
  };
  return {
    fixed,
    endpoints: () => endpoints,
    /** One look at a time: a resolver that hangs holds one look, not one more each time. */
    look: (): Promise<void> => {
      if (fixed) return Promise.resolve();
      looking ??= orGivenUp(lookNow()).finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}

async function orGivenUp(look: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LOOK_GIVEN_UP_MS).unref();
  });
  await Promise.race([look, givenUp]);
  clearTimeout(timer);
}

/** Answers, as opposed to failures, of a name server. */
const NOBODY_THERE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

async function systemResolve(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

function endpointsOf(url: URL, found: readonly string[]): Endpoint[] {
  const family = found.some((address) => isIP(address) === 4) ? 4 : 6;
  const sorted = found.toSorted();
  const alternatives = sorted.filter((address) => isIP(address) !== family);
  return sorted
    .filter((address) => isIP(address) === family)
    .map((address, index) => {
      const endpoint = { origin: withHost(url, address), host: url.host };
      if (alternatives.length === 0) return endpoint;
      // Each process's own other address comes first, if the name server lists both families in the same order.
      const from = index % alternatives.length;
      return { ...endpoint, alternatives: [...alternatives.slice(from), ...alternatives.slice(0, from)] };
    });
}

function withHost({ protocol, port }: URL, address: string): string {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`;
}
