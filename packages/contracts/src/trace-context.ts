/** What a `traceparent` header says (W3C Trace Context, level 2). */
export interface Traceparent {
  /** 32 hex digits: names the whole journey. */
  readonly traceId: string;
  /** 16 hex digits: names the part of it that sent the request. */
  readonly parentId: string;
  /** `SAMPLED` and `RANDOM_TRACE_ID`, or neither. */
  readonly flags: number;
}

/** The sender may have recorded its part. */
export const SAMPLED = 0x01;
/** The last seven bytes of the trace id were drawn at random, so samplers may decide by them (level 2, "Random Trace ID Flag"). */
export const RANDOM_TRACE_ID = 0x02;

const VERSION = '00';
/** Of a later version only what this one knows is read. `ff` is no version. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent`. Strict, because a repaired id would tie a request to somebody else's trace.
 * @returns `undefined` for what is none: then a new trace begins, and `tracestate` means nothing
 */
export function parseTraceparent(value: string | undefined): Traceparent | undefined {
  const [, version, traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(value?.trim() ?? '') ?? [];
  if (version === undefined || (version === VERSION && rest !== undefined)) return undefined;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM_TRACE_ID) };
}

/** The header for the next hop. Flags that this version does not know are never sent. */
export function formatTraceparent({ traceId, parentId, flags }: Traceparent): string {
  return `${VERSION}-${traceId}-${parentId}-0${flags & (SAMPLED | RANDOM_TRACE_ID)}`;
}

const KEY_CHARACTER = String.raw`[\da-z_\-*/]`;
const KEY = String.raw`[a-z]${KEY_CHARACTER}{0,255}|[\da-z]${KEY_CHARACTER}{0,240}@[a-z]${KEY_CHARACTER}{0,13}`;
const VALUE = String.raw`[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]`;
const MEMBER = new RegExp(`^(${KEY})=${VALUE}$`);

const MAX_MEMBERS = 32;
/** What everybody must pass on. More is cut ("Tracestate limits"): it would fill the next hop's header limit, which is our caller's to spend. */
const MAX_TRACESTATE_CHARACTERS = 512;
/** The first to go when there is too much. */
const LONG_MEMBER_CHARACTERS = 128;

/**
 * Reads a `tracestate`, several headers joined by commas.
 * @returns it, as it is to be passed on; `undefined` for an empty one, and for one with any mistake (an illegal key or
 *   value, a key twice, more than 32 members): half of it could mean something else than the whole
 */
export function parseTracestate(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const members = value.split(',').flatMap((text) => {
    // Not `trim()`: other white space than blanks and tabs is a mistake.
    const member = text.replace(/^[ \t]+|[ \t]+$/g, '');
    return member === '' ? [] : [member];
  });
  if (members.length > MAX_MEMBERS) return undefined;
  const keys = new Set<string>();
  for (const member of members) {
    const [, key] = MEMBER.exec(member) ?? [];
    if (key === undefined || keys.has(key)) return undefined;
    keys.add(key);
  }
  const kept = shortened(members).join();
  return kept === '' ? undefined : kept;
}

/** Long members go first, then those from the end: whoever wrote last stands in front. */
function shortened(members: readonly string[]): readonly string[] {
  let kept = [...members];
  const isTooLong = () => kept.join().length > MAX_TRACESTATE_CHARACTERS;
  if (isTooLong()) kept = kept.filter(({ length }) => length <= LONG_MEMBER_CHARACTERS);
  while (isTooLong()) kept.pop();
  return kept;
}
