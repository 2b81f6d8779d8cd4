import { LRUCache } from 'lru-cache';
import { isCallError } from './call-error.ts';
import type { Clock } from './clock.ts';
import type { Call, CallContext, Policy } from './policy.ts';

export interface StaleIfErrorOptions {
  /** Calls with the same key are the same question. */
  readonly keyOf: (context: CallContext) => string;
  /** Memory that the stored answers may take, by the length of their JSON. Beyond it the least used are forgotten. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/**
 * Answers a failed safe call with the last good answer to the very same question, while that answer's own
 * Cache-Control allows it (`stale-if-error`, RFC 5861 §4), and says so in `notes.staleMs`: whoever answers with it must
 * not pass it off as fresh. Answers that say `no-store`, `no-cache`, `private` or `must-revalidate` are not kept.
 */
export function staleIfError({ keyOf, maxBytes, clock }: StaleIfErrorOptions): Policy {
  return <T>(next: Call<T>): Call<T> => {
    const answers = new LRUCache<string, Stored<T>>({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }, key) => bytes + key.length,
    });

    return async (context) => {
      if (context.operation.safety !== 'safe' || !context.notes.mayBeStale) return next(context);
      const key = keyOf(context);
      try {
        const value = await next(context);
        const { cacheControl } = context.notes;
        // Without a word of its own (a call shared with another one), it says nothing about what is stored.
        if (cacheControl !== undefined) {
          const usableMs = usableOnErrorMs(cacheControl);
          if (usableMs === 0) answers.delete(key);
          else answers.set(key, { value, usableMs, storedAt: clock.now(), bytes: JSON.stringify(value)?.length ?? 1 });
        }
        return value;
      } catch (error) {
        const stored = answers.get(key);
        if (stored === undefined || !isCallError(error) || NOT_A_FAILURE.has(error.code)) throw error;
        const ageMs = clock.now() - stored.storedAt;
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
  readonly storedAt: number;
  readonly bytes: number;
}

/** Nobody is there to be answered, or the question itself was wrong. */
const NOT_A_FAILURE: ReadonlySet<string> = new Set(['cancelled', 'bad_request']);

/**
 * How old, in milliseconds, an answer may be and still stand in for a failure: its freshness and `stale-if-error`
 * together (RFC 5861 §4). 0 where it may not at all.
 */
export function usableOnErrorMs(cacheControl: string): number {
  const directives = new Map(
    cacheControl.split(',').map((part) => {
      const [name = '', value = ''] = part.trim().toLowerCase().split('=');
      return [name, value.replaceAll('"', '')];
    }),
  );
  if (FORBIDDING.some((directive) => directives.has(directive))) return 0;
  const onError = seconds(directives.get('stale-if-error'));
  return onError === 0 ? 0 : (onError + seconds(directives.get('max-age'))) * 1_000;
}

const FORBIDDING = ['no-store', 'no-cache', 'must-revalidate', 'private'];

function seconds(value: string | undefined): number {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
