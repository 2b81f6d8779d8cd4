import { LRUCache } from 'lru-cache';
import type { CallContext } from './call-context.ts';
import { isCallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { checkCount } from './options.ts';
import type { Call, Policy } from './policy.ts';
import { questionOf } from './question.ts';

export interface StaleIfErrorOptions {
  /** Calls with the same key share an answer. Default: operation, input and headers (`questionOf`). */
  readonly keyOf?: (context: CallContext) => string;
  /**
   * Memory that stored answers may take, for each operation. Approximate, because only V8 knows what a string takes. Beyond it, the
   * least recently used answers are dropped. Default 4,000,000: some ten thousand short answers.
   */
  readonly maxBytes?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
}

const DEFAULT_MAX_BYTES = 4_000_000;

/**
 * Replaces the failure of a safe call by the last good answer to the same question, while that answer's own Cache-Control allows it
 * (`stale-if-error`, RFC 5861 §4). Says so in `notes.staleMs`, because nobody may pass that answer off as fresh. Answers that forbid it
 * (`no-store`, `must-revalidate` and similar) are not stored. A successful call that is not safe may have changed any of them, so all
 * operations that this policy wraps forget theirs (RFC 9111 §4.4).
 * @throws RangeError for an option out of range
 */
export function staleIfError(options: StaleIfErrorOptions = {}): Policy {
  const { keyOf = questionOf, maxBytes = DEFAULT_MAX_BYTES, clock = systemClock } = options;
  checkCount('maxBytes', maxBytes, { min: 1 });
  const stores: { clear(): void }[] = [];
  return <T>(next: Call<T>): Call<T> => {
    const answers = new LRUCache<string, Stored<T>>({
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }, key) => ENTRY_BYTES + key.length + bytes,
    });
    stores.push(answers);

    return async (context) => {
      if (context.operation.safety !== 'safe') {
        const value = await next(context);
        for (const store of stores) store.clear();
        return value;
      }
      if (!context.notes.mayBeStale) return next(context);
      const key = keyOf(context);
      try {
        const value = await next(context);
        const { cacheControl, ageMs = 0 } = context.notes;
        // An answer without Cache-Control says nothing about what is stored.
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
  /** How old it may be and still replace a failure. */
  readonly usableMs: number;
  /** When the downstream made it. A cache on the way may have stored it for a while. */
  readonly bornAt: number;
  readonly bytes: number;
}

const sizeOf = (value: unknown) => JSON.stringify(value)?.length ?? 1;

/** Memory of an entry besides its key and answer: cache node, objects, numbers (Node 24.21, short answers). */
const ENTRY_BYTES = 230;

/** Nobody is left to answer, the question itself was wrong, or the downstream gave a newer answer to it (404, 410, 403). */
const NOT_A_FAILURE: ReadonlySet<string> = new Set(['cancelled', 'bad_request', 'remote_refused']);

/**
 * The age in milliseconds up to which an answer may replace a failure: its freshness plus its `stale-if-error` (RFC 5861 §4). 0 if it
 * never may.
 */
export function usableOnErrorMs(cacheControl: string): number {
  const directives = new Map<string, string>();
  for (const [, name = '', quoted, token] of cacheControl.toLowerCase().matchAll(DIRECTIVE)) {
    // If two directives contradict each other, the first one counts (RFC 9111 §4.2.1).
    if (!directives.has(name)) directives.set(name, quoted ?? token ?? '');
  }
  if (FORBIDDING.some((directive) => directives.has(directive))) return 0;
  const onError = seconds(directives.get('stale-if-error'));
  return onError === 0 ? 0 : (onError + seconds(directives.get('max-age'))) * 1_000;
}

/** A name and an optional value. Commas and names inside a quoted value do not count. */
const DIRECTIVE = /([\w-]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?/g;

/** One answer is given to many callers, so the rules of a shared cache apply (RFC 9111 §4.2.4). */
const FORBIDDING = ['no-store', 'no-cache', 'private', 'must-revalidate', 'proxy-revalidate', 's-maxage'];

function seconds(value: string | undefined): number {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
