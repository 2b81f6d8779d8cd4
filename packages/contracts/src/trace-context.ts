import { trimOws } from './white-space.ts';

/** What a `traceparent` header says (W3C Trace Context, level 2). */
export interface Traceparent {
  /** 32 hex digits. Identifies the trace. */
  readonly traceId: string;
  /** 16 hex digits. Identifies the span that sent the request. */
  readonly parentId: string;
  /** A combination of `SAMPLED` and `RANDOM_TRACE_ID`. */
  readonly flags: number;
}

/** The sender may have recorded its span. */
export const SAMPLED = 0x01;
/** The last seven bytes of the trace id are random, so samplers may decide by them (level 2, "Random Trace ID Flag"). */
export const RANDOM_TRACE_ID = 0x02;

const VERSION = '00';
/** Of a later version, only the fields of this one are read. `ff` is not a version. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent`. Strict, because a repaired id could put a request into another trace.
 * @returns `undefined` if it is not valid. Then a new trace begins, and `tracestate` means nothing
 */
export function parseTraceparent(value: string | undefined): Traceparent | undefined {
  const [, version, traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(trimOws(value ?? '')) ?? [];
  if (version === undefined || (version === VERSION && rest !== undefined)) return undefined;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM_TRACE_ID) };
}

/** The header for the next hop. Flags that this version does not know are never sent. */
export function formatTraceparent({ traceId, parentId, flags }: Traceparent): string {
  return `${VERSION}-${traceId}-${parentId}-0${flags & (SAMPLED | RANDOM_TRACE_ID)}`;
}

/** Level 2, "Key": it may begin with a digit, and `@` is a character like any other. */
const KEY = String.raw`[\da-z][\da-z_\-*/@]{0,255}`;
const VALUE = String.raw`[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]`;
const MEMBER = new RegExp(`^(${KEY})=${VALUE}$`);

const MAX_MEMBERS = 32;
/** What every hop must pass on. More is cut ("Tracestate limits"), because it would use up the next hop's limit for headers. */
const MAX_TRACESTATE_CHARACTERS = 512;
/** Members longer than this are dropped first when there is too much. */
const LONG_MEMBER_CHARACTERS = 128;

/**
 * Reads a `tracestate`, several headers joined by commas. Of a key that comes twice, the first member is kept: it is the latest
 * (level 2, "Mutating the tracestate Field": other vendors' duplicates may be discarded).
 * @returns it, as it is to be passed on; `undefined` if it is empty or has a mistake (an illegal key or value, more than 32 members),
 *   because a part of it could mean something else than the whole
 */
export function parseTracestate(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const members = value
    .split(',')
    .map(trimOws)
    .filter((member) => member !== '');
  if (members.length > MAX_MEMBERS) return undefined;
  const byKey = new Map<string, string>();
  for (const member of members) {
    const [, key] = MEMBER.exec(member) ?? [];
    if (key === undefined) return undefined;
    if (!byKey.has(key)) byKey.set(key, member);
  }
  const kept = shortened([...byKey.values()]).join();
  return kept === '' ? undefined : kept;
}

/** Drops long members first, then members from the end: the latest writer is in front. */
function shortened(members: readonly string[]): readonly string[] {
  let kept = [...members];
  const isTooLong = () => kept.join().length > MAX_TRACESTATE_CHARACTERS;
  if (isTooLong()) kept = kept.filter(({ length }) => length <= LONG_MEMBER_CHARACTERS);
  while (isTooLong()) kept.pop();
  return kept;
}
