import { LRUCache } from 'lru-cache';
import { isCallError } from './call-error.ts';
import type { Clock } from './clock.ts';
import type { Call, CallContext, Policy } from './policy.ts';

export interface StaleIfErrorOptions {
  /** Calls with the same key are the same question. */
  readonly keyOf: (context: CallContext) => string;
  /** Memory that the stored answers may take, about: what a string takes is known to V8 alone. Beyond it the least used are forgotten. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/**
 * Answers a failed safe call with the last good answer to the very same question, while that answer's own
 * Cache-Control allows it (`stale-if-error`, RFC 5861 §4), and says so in `notes.staleMs`: whoever answers with it must
 * not pass it off as fresh. Answers that forbid it (`no-store`, `must-revalidate` and their kin) are not kept.
 */
export function staleIfError({ keyOf, maxBytes, clock }: StaleIfErrorOptions): Policy {
  return <T>(next: Call<T>): Call<T> => {
    const answers = new LRUCache<string, Stored<T>>({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }, key) => ENTRY_BYTES + key.length + bytes,
    });

    return async (context) => {
      if (context.operation.safety !== 'safe' || !context.notes.mayBeStale) return next(context);
      const key = keyOf(context);
      try {
        const value = await next(context);
        const { cacheControl, ageMs = 0 } = context.notes;
        // Without a word of its own, it says nothing about what is stored.
        if (cacheControl !== undefined) {
          const usableMs = usableOnErrorMs(cacheControl);
          if (usableMs === 0) answers.delete(key);
          else answers.set(key, { value, usableMs, bornAt: clock.now() - ageMs, bytes: sizeOf(value) });
        }
        return value;
      } catch (error) {
        const stored = answers.get(key);
        if (stored === undefined || !isCallError(error) || NOT_A_FAILURE.has(error.code)) throw error;
        const ageMs = clock.now() - stored.bornAt;
        if (ageMs > stored.usableMs) throw error;
        context.notes.staleMs = ageMs;
        context.notes.staleBecause = error.code;
        return stored.value;
      }
    };
  };
}

interface Stored<T> {
  readonly value: T;
  /** How old it may be and still stand in for a failure. */
  readonly usableMs: number;
  /** When the downstream made it. A cache in between may have had it for a while. */
  readonly bornAt: number;
  readonly bytes: number;
}

const sizeOf = (value: unknown) => JSON.stringify(value)?.length ?? 1;

/** What an entry takes beyond its question and its answer: a place in the cache, objects, numbers (Node 24.21, short answers). */
const ENTRY_BYTES = 230;

/** Nobody is there to be answered, the question itself was wrong, or the downstream has a newer word on it (404, 410, 403). */
const NOT_A_FAILURE: ReadonlySet<string> = new Set(['cancelled', 'bad_request', 'remote_refused']);

/**
 * How old, in milliseconds, an answer may be and still stand in for a failure: its freshness and `stale-if-error`
 * together (RFC 5861 §4). 0 where it may not at all.
 */
export function usableOnErrorMs(cacheControl: string): number {
  const directives = new Map<string, string>();
  for (const [, name = '', quoted, token] of cacheControl.toLowerCase().matchAll(DIRECTIVE)) {
    // Where two contradict each other, the first counts (RFC 9111 §4.2.1).
    if (!directives.has(name)) directives.set(name, quoted ?? token ?? '');
  }
  if (FORBIDDING.some((directive) => directives.has(directive))) return 0;
  const onError = seconds(directives.get('stale-if-error'));
  return onError === 0 ? 0 : (onError + seconds(directives.get('max-age'))) * 1_000;
}

/** A name and perhaps a value. A comma or a name within a quoted value is neither. */
const DIRECTIVE = /([\w-]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g;

/** One answer is given to many callers: what a shared cache must not do, must not be done here (RFC 9111 §4.2.4). */
const FORBIDDING = ['no-store', 'no-cache', 'private', 'must-revalidate', 'proxy-revalidate', 's-maxage'];

function seconds(value: string | undefined): number {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
