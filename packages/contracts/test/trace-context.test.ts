import { describe, expect, test } from 'vitest';
import { formatTraceparent, parseTraceparent, parseTracestate } from '../src/index.ts';

const TRACE = '12345678901234567890123456789012';
const PARENT = '1234567890123456';

describe('traceparent', () => {
  test.each([
    ['version 00', `00-${TRACE}-${PARENT}-01`, 1],
    ['not sampled', `00-${TRACE}-${PARENT}-00`, 0],
    ['random trace id', `00-${TRACE}-${PARENT}-03`, 3],
    ['flags of a later day are not known', `00-${TRACE}-${PARENT}-ff`, 3],
    ['white space around it', `\t 00-${TRACE}-${PARENT}-01 \t`, 1],
    ['a later version', `cc-${TRACE}-${PARENT}-01`, 1],
    ['a later version that says more', `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`, 1],
  ])('%s', (_, header, flags) => {
    expect(parseTraceparent(header)).toEqual({ traceId: TRACE, parentId: PARENT, flags });
  });

  test.each([
    ['nothing', undefined],
    ['two of them', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
    ['version 00 that says more', `00-${TRACE}-${PARENT}-01-what-the-future-will-be-like`],
    ['something behind it', `00-${TRACE}-${PARENT}-01.`],
    ['a later version, badly separated', `cc-${TRACE}-${PARENT}-01.what-the-future-will-be-like`],
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['no hex digit in the version', `.0-${TRACE}-${PARENT}-01`],
    ['version too long', `000-${TRACE}-${PARENT}-01`],
    ['version too short', `0-${TRACE}-${PARENT}-01`],
    ['trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['no hex digit in the trace id', `00-.${TRACE.slice(1)}-${PARENT}-01`],
    ['trace id too long', `00-${TRACE}3-${PARENT}-01`],
    ['trace id too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['upper case', `00-${TRACE.slice(2)}AB-${PARENT}-01`],
    ['parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['no hex digit in the parent id', `00-${TRACE}-.${PARENT.slice(1)}-01`],
    ['parent id too long', `00-${TRACE}-${PARENT}7-01`],
    ['parent id too short', `00-${TRACE}-${PARENT.slice(1)}-01`],
    ['no hex digit in the flags', `00-${TRACE}-${PARENT}-.0`],
    ['flags too long', `00-${TRACE}-${PARENT}-001`],
    ['flags too short', `00-${TRACE}-${PARENT}-1`],
    ['no break space around it', `\u00a000-${TRACE}-${PARENT}-01`],
    ['a later version that is too short', `cc-${TRACE}-${PARENT}-0`],
  ])('none: %s', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  test('what is sent on has version 00, and no flag that it does not know', () => {
    expect(formatTraceparent({ traceId: TRACE, parentId: PARENT, flags: 0xff })).toBe(`00-${TRACE}-${PARENT}-03`);
  });
});

describe('tracestate', () => {
  const characters = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at)).join('');
  const anyValue = characters(0x20, 0x2b) + characters(0x2d, 0x3c) + characters(0x3e, 0x7e);
  const anyKey = `${characters(0x61, 0x7a)}0123456789_-*/`;
  const members = (count: number) => Array.from({ length: count }, (_, at) => `bar${at}=${at}`).join();

  test.each([
    ['as it came', 'foo=1,bar=2', 'foo=1,bar=2'],
    ['white space around members', 'foo=1 \t , \t bar=2, \t baz=3\t', 'foo=1,bar=2,baz=3'],
    ['empty members', ',foo=1,, ,bar=2,', 'foo=1,bar=2'],
    ['every character of a key and of a value', `${anyKey}=${anyValue}`, `${anyKey}=${anyValue}`],
    ['a tenant', `${anyKey}@a-z0-9_-*/=1`, `${anyKey}@a-z0-9_-*/=1`],
    ['32 members', members(32), members(32)],
    ['a key of 256 characters', `foo=1,${'z'.repeat(256)}=1`, `foo=1,${'z'.repeat(256)}=1`],
    ['a key with signs, anywhere but in front', 'foo@=1,foo@@bar=2,foo@bar@baz=3', undefined],
    ['a key that begins with a digit', '0foo=1', undefined],
    ['a key of 256 characters with a sign', `${'t'.repeat(242)}@${'v'.repeat(13)}=1`, undefined],
    ['a value that begins with blanks', 'foo=  1', undefined],
    ['a key twice: the first, which is the latest', 'foo=1,bar=2,foo=1,foo=3', 'foo=1,bar=2'],
    ['a value of 256 characters', `foo=${'v'.repeat(256)}`, `foo=${'v'.repeat(256)}`],
  ])('%s', (_, header, passedOn = header) => {
    expect(parseTracestate(header)).toBe(passedOn);
  });

  test.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['white space in a key', 'foo =1'],
    ['upper case', 'FOO=1'],
    ['a dot in a key', 'foo.bar=1'],
    ['a sign in front', '@foo=1,bar=2'],
    ['33 members', members(33)],
    ['33 members, two of one key', `${members(32)},bar0=0`],
    ['a key of 257 characters', `foo=1,${'z'.repeat(257)}=1`],
    ['a value of 257 characters', `foo=${'v'.repeat(257)}`],
    ['an equals sign in a value', 'foo=bar=baz'],
    ['no value', 'foo=,bar=3'],
    ['no break space around a member', '\u00a0foo=1'],
  ])('none: %s', (_, header) => {
    expect(parseTracestate(header)).toBeUndefined();
  });

  test('of more than 512 characters the long members go first, then the last ones', () => {
    const long = `long=${'l'.repeat(200)}`;
    const short = Array.from({ length: 8 }, (_, at) => `short${at}=${'s'.repeat(80)}`);
    expect(parseTracestate([long, ...short].join())).toBe(short.slice(0, 5).join());
    expect(parseTracestate([long, 'foo=1'].join())).toBe(`${long},foo=1`);
  });
});
