import { describe, expect, test } from 'vitest';
import { exchange, get, PATIENT, standIn, startEdge } from '../harness/system.ts';

/**
 * W3C Trace Context, level 2, over the wire: what an edge sends to its downstream for what its caller sent. The cases are those of the
 * W3C's own suite (w3c/trace-context, test/test.py, commit acab820, strict), and the limits that the specification names beside them.
 */
const TRACE = '12345678901234567890123456789012';
const PARENT = '1234567890123456';
const VALID = `traceparent: 00-${TRACE}-${PARENT}-01`;

interface PassedOn {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** Sends header lines, as they are, through an edge. */
async function passedOn(lines: readonly string[], answers: readonly number[] = [200]) {
  const seen: PassedOn[] = [];
  const greeter = await standIn((req, res) => {
    const { traceparent, tracestate } = req.headersDistinct;
    expect(traceparent).toHaveLength(1);
    seen.push({ traceparent: traceparent?.[0] ?? '', tracestate: tracestate?.join() });
    res.writeHead(answers[seen.length - 1] ?? 200, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
  });
  const edge = await startEdge(greeter.url, PATIENT);
  const head = ['GET /hello HTTP/1.1', 'host: edge', 'connection: close', ...lines, '', ''];
  expect(await exchange(edge.url, head.join('\r\n'))).toMatch(/^HTTP\/1\.1 200 /);
  const line = edge.log().find(({ msg }) => msg === 'request');
  return { seen, line };
}

const CONTINUED = new RegExp(`^00-${TRACE}-(?!${PARENT}|0{16})[0-9a-f]{16}-`);
const RESTARTED = new RegExp(`^00-(?!${TRACE}|0{32})[0-9a-f]{32}-(?!${PARENT}|0{16})[0-9a-f]{16}-02$`);

describe('the trace goes on, with a parent id of the edge', () => {
  test.each<[string, readonly string[], string]>([
    ['sampled', [VALID], '01'],
    ['not sampled', [`traceparent: 00-${TRACE}-${PARENT}-00`], '00'],
    ['a random trace id', [`traceparent: 00-${TRACE}-${PARENT}-02`], '02'],
    ['sampled, and a random trace id', [`traceparent: 00-${TRACE}-${PARENT}-03`], '03'],
    ['flags that nobody knows yet', [`traceparent: 00-${TRACE}-${PARENT}-fd`], '01'],
    ['another case of the name', [`TrAcEpArEnT: 00-${TRACE}-${PARENT}-01`], '01'],
    ['white space around it', [`traceparent:\t 00-${TRACE}-${PARENT}-01 \t`], '01'],
    ['a later version', [`traceparent: cc-${TRACE}-${PARENT}-01`], '01'],
    ['a later version that says more', [`traceparent: cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`], '01'],
    ['the last version', [`traceparent: fe-${TRACE}-${PARENT}-01-`], '01'],
  ])('%s', async (_what, lines, flags) => {
    const { seen } = await passedOn(lines);
    expect(seen).toEqual([
      { traceparent: expect.stringMatching(new RegExp(`${CONTINUED.source}${flags}$`)), tracestate: undefined },
    ]);
  });
});

describe('a new trace begins, and tracestate is dropped', () => {
  test.each<[string, readonly string[]]>([
    ['none', []],
    ['an empty one', ['traceparent:']],
    [
      'two of them',
      [`traceparent: 00-${TRACE}-${PARENT}-01`, `traceparent: 00-${TRACE.replace(/2$/, '1')}-${PARENT}-01`],
    ],
    ['twice the same', [VALID, VALID]],
    ['wrong names', [`trace-parent: 00-${TRACE}-${PARENT}-01`, `trace.parent: 00-${TRACE}-${PARENT}-01`]],
    ['something behind it', [`${VALID}.`]],
    ['version 00 that says more', [`${VALID}-what-the-future-will-be-like`]],
    ['a later version, badly separated', [`traceparent: cc-${TRACE}-${PARENT}-01.what-the-future-will-be-like`]],
    ['a later version that is too short', [`traceparent: cc-${TRACE}-${PARENT}-1`]],
    ['version ff', [`traceparent: ff-${TRACE}-${PARENT}-01`]],
    ['a version in upper case', [`traceparent: CC-${TRACE}-${PARENT}-01`]],
    ['a version that is no number', [`traceparent: .0-${TRACE}-${PARENT}-01`]],
    ['a version too long', [`traceparent: 0000-${TRACE}-${PARENT}-01`]],
    ['a version too short', [`traceparent: 0-${TRACE}-${PARENT}-01`]],
    ['a trace id of zeros', [`traceparent: 00-${'0'.repeat(32)}-${PARENT}-01`]],
    ['a trace id with another character', [`traceparent: 00-.${TRACE.slice(1)}-${PARENT}-01`]],
    ['a trace id in upper case', [`traceparent: 00-${TRACE.slice(1)}A-${PARENT}-01`]],
    ['a trace id too long', [`traceparent: 00-${TRACE}3-${PARENT}-01`]],
    ['a trace id too short', [`traceparent: 00-${TRACE.slice(1)}-${PARENT}-01`]],
    ['a parent id of zeros', [`traceparent: 00-${TRACE}-${'0'.repeat(16)}-01`]],
    ['a parent id with another character', [`traceparent: 00-${TRACE}-.${PARENT.slice(1)}-01`]],
    ['a parent id in upper case', [`traceparent: 00-${TRACE}-${PARENT.slice(1)}A-01`]],
    ['a parent id too long', [`traceparent: 00-${TRACE}-${PARENT}7-01`]],
    ['a parent id too short', [`traceparent: 00-${TRACE}-${PARENT.slice(1)}-01`]],
    ['flags with another character', [`traceparent: 00-${TRACE}-${PARENT}-.0`]],
    ['flags in upper case', [`traceparent: 00-${TRACE}-${PARENT}-0A`]],
    ['flags too long', [`traceparent: 00-${TRACE}-${PARENT}-001`]],
    ['flags too short', [`traceparent: 00-${TRACE}-${PARENT}-1`]],
  ])('%s', async (_what, lines) => {
    const { seen } = await passedOn([...lines, 'tracestate: foo=1']);
    expect(seen).toEqual([{ traceparent: expect.stringMatching(RESTARTED), tracestate: undefined }]);
  });
});

describe('tracestate', () => {
  const characters = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at)).join('');
  const anyKey = `${characters(0x61, 0x7a)}0123456789_-*/@`;
  const anyValue = characters(0x20, 0x2b) + characters(0x2d, 0x3c) + characters(0x3e, 0x7e);
  const members = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => `bar${from + at}=${from + at}`).join();
  const entry = (name: string, length: number) => `${name}=${'v'.repeat(length - name.length - 1)}`;

  test.each<[string, readonly string[], string | undefined]>([
    ['as it came', ['foo=1,bar=2'], 'foo=1,bar=2'],
    [
      'in several headers, in their order',
      ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'],
      'foo=1,bar=2,rojo=1,congo=2,baz=3',
    ],
    ['an empty header before and behind', ['', 'foo=1', ''], 'foo=1'],
    ['an empty one alone', [''], undefined],
    ['empty members', ['foo=1,, \t ,bar=2,'], 'foo=1,bar=2'],
    ['white space around members', ['foo=1 \t , \t bar=2,\t \tbaz=3 \t'], 'foo=1,bar=2,baz=3'],
    ['blanks in front of a value are part of it', ['foo=  1,bar=2'], 'foo=  1,bar=2'],
    ['every character', [`${anyKey}=${anyValue}`], `${anyKey}=${anyValue}`],
    ['keys with signs', ['foo@=1,foo@@bar=2,foo@bar@baz=3'], 'foo@=1,foo@@bar=2,foo@bar@baz=3'],
    ['a key that begins with a sign', ['@foo=1,bar=2'], undefined],
    ['a key that begins with a digit', ['1foo=1'], '1foo=1'],
    ['a key in upper case', ['FOO=1'], undefined],
    ['a blank in a key', ['foo =1,bar=2'], undefined],
    ['a dot in a key', ['foo.bar=1,bar=2'], undefined],
    ['a key of 256 characters', ['foo=1', `${'z'.repeat(256)}=1`], `foo=1,${'z'.repeat(256)}=1`],
    ['a key of 257 characters', ['foo=1', `${'z'.repeat(257)}=1`], undefined],
    ['a value of 256 characters', [`foo=${'v'.repeat(256)}`], `foo=${'v'.repeat(256)}`],
    ['a value of 257 characters', [`bar=1,foo=${'v'.repeat(257)}`], undefined],
    ['an equals sign in a value', ['foo=bar=baz'], undefined],
    ['no value', ['foo=,bar=3'], undefined],
    ['no equals sign', ['foo,bar=3'], undefined],
    ['a tab in a value', ['foo=1\t2,bar=3'], undefined],
    ['a key twice', ['foo=1,foo=2'], 'foo=1'],
    ['a key twice, in two headers', ['foo=1,bar=2', 'foo=1'], 'foo=1,bar=2'],
    ['32 members', [members(1, 10), members(11, 20), members(21, 32)], members(1, 32)],
    ['33 members', [members(1, 10), members(11, 20), members(21, 33)], undefined],
    [
      '512 characters',
      [[entry('a', 127), entry('b', 127), entry('c', 127), entry('d', 128)].join()],
      [entry('a', 127), entry('b', 127), entry('c', 127), entry('d', 128)].join(),
    ],
    [
      '513 characters: the member above 128 goes first, whole',
      [[entry('a', 127), entry('b', 127), entry('c', 129), entry('d', 127)].join()],
      [entry('a', 127), entry('b', 127), entry('d', 127)].join(),
    ],
    [
      '513 characters in short members: the last one goes',
      [[entry('a', 128), entry('b', 128), entry('c', 128), entry('d', 126)].join()],
      [entry('a', 128), entry('b', 128), entry('c', 128)].join(),
    ],
  ])('%s', async (_what, values, expected) => {
    const { seen } = await passedOn([VALID, ...values.map((value) => `tracestate: ${value}`)]);
    // A mistake in tracestate does not touch traceparent.
    expect(seen).toEqual([{ traceparent: expect.stringMatching(CONTINUED), tracestate: expected }]);
  });

  test('wrong names mean nothing; another case of the name does', async () => {
    const { seen } = await passedOn([VALID, 'trace-state: foo=1', 'trace.state: foo=1', 'TrAcEsTaTe: bar=1']);
    expect(seen.map(({ tracestate }) => tracestate)).toEqual(['bar=1']);
  });
});

describe('without a collector', () => {
  const parentOf = ({ traceparent }: PassedOn) => traceparent.split('-')[2];

  test.each([
    ['sampled', '01'],
    ['not sampled', '00'],
  ])("%s: the downstream's parent is the id in the edge's log line", async (_what, flags) => {
    const { seen, line } = await passedOn([`traceparent: 00-${TRACE}-${PARENT}-${flags}`]);
    expect(seen.map(parentOf)).toEqual([line?.spanId]);
    expect(line?.traceId).toBe(TRACE);
  });

  test('a further attempt is another request, and has another id', async () => {
    const { seen, line } = await passedOn([VALID], [503, 503]);
    const parents = seen.map(parentOf);
    expect(parents).toHaveLength(3);
    expect(parents[0]).toBe(line?.spanId);
    expect(new Set([PARENT, ...parents]).size).toBe(4);
  });

  test('two requests on one connection to the downstream have nothing in common', async () => {
    const seen: string[] = [];
    const greeter = await standIn((req, res) => {
      seen.push(String(req.headers.traceparent));
      res.setHeader('content-type', 'application/json').end('{"message":"Hi"}');
    });
    const edge = await startEdge(greeter.url, PATIENT);
    for (let n = 0; n < 2; n++) expect((await get(`${edge.url}/hello`)).status).toBe(200);
    expect(new Set(seen.flatMap((header) => header.split('-').slice(1, 3))).size).toBe(4);
  });
});
