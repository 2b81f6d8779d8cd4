import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { abortError, type Endpoint, type Policy } from '@halfopen/resilience';

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
   * Holds calls until every name has been looked up for the first time, successfully or not. While there is nobody, a
   * call is reason enough to look again.
   */
  readonly policy: Policy;
  /** Something failed that a new look at the names may explain: looks at once, and more often for a second. */
  refresh(): void;
  close(): void;
}

/**
 * Keeps the endpoints of a downstream up to date: follows addresses that change, as those of restarted and scaled
 * containers do. A name server that fails or hangs changes nothing: the last known addresses stay in use. A name server
 * that answers "no such name" is believed: nobody is there.
 */
export function discover({
  origins,
  refreshMs = 2_000,
  onChange,
  resolve = systemResolve,
}: DiscoveryOptions): Discovery {
  const names = origins.map((origin) => watchName(new URL(origin), resolve, () => tell()));
  let told = '';
  const tell = () => {
    const endpoints = names.flatMap(({ endpoints: known }) => known());
    const key = endpoints.map(({ origin }) => origin).join();
    if (key === told) return;
    told = key;
    onChange(endpoints);
  };
  const look = () => Promise.all(names.map((name) => name.look()));
  tell();
  let ready = false;
  let again: NodeJS.Timeout | undefined;
  const first = look().then(() => {
    ready = true;
  });
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
    policy: (next) => async (context) => {
      if (!ready) await Promise.race([first, aborted(context.signal)]);
      // Without an endpoint nothing is tried, so no failed connection would tell.
      if (told === '') refresh();
      return next(context);
    },
    refresh,
    close() {
      clearInterval(timer);
      clearInterval(again);
    },
  };
}

/**
 * A process is gone before its name server knows: after a failure the names are looked up so often, so far apart. A
 * storm of failures does not become one of look-ups.
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
 * A look that has had no answer for so long no longer keeps others from being begun: one lost answer would be the last one. The
 * system's resolver gives up later (glibc: 5 s for each name server and try), on two threads at the most.
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
    // Given up, and overtaken by a later one: it speaks of the past.
    if (own < lastAnswered) return;
    lastAnswered = own;
    endpoints = found.toSorted().map((address) => ({ origin: withHost(url, address), host: url.host }));
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
  const found = await lookup(hostname, { all: true });
  // The two families are two ways to the same processes, not twice as many of them.
  const family = found.some((address) => address.family === 4) ? 4 : 6;
  return found.filter((address) => address.family === family).map(({ address }) => address);
}

function withHost({ protocol, port }: URL, address: string): string {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`;
}
