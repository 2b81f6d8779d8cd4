/** A day. Longer than any caller waits, and far below where timers overflow. */
const MAX_WAIT_MS = 86_400_000;

/**
 * Milliseconds that a Retry-After header asks to wait (RFC 9110 §10.2.3: seconds or an HTTP-date), from 0 to a day. `undefined` if it
 * is neither.
 * @param nowMs wall clock, milliseconds since 1970. Only a date needs it
 * @param sentAt the answer's `Date`. A date is a time on the server's clock, which may differ from ours, so the wait counts from here
 */
export function parseRetryAfterMs(value: string | undefined, nowMs: number, sentAt?: string): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, MAX_WAIT_MS);
  const at = parseHttpDate(text, nowMs);
  if (at === undefined) return undefined;
  const from = parseHttpDate(sentAt?.trim() ?? '', nowMs) ?? nowMs;
  return Math.min(Math.max(0, at - from), MAX_WAIT_MS);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = String.raw`(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d|60)`;
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';

/** The three forms that a recipient must accept (RFC 9110 §5.6.7): IMF-fixdate, RFC 850 and asctime. */
const HTTP_DATES = [
  new RegExp(String.raw`^${SHORT_DAY}, (?<day>\d{2}) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^${LONG_DAY}, (?<day>\d{2})-${MONTH}-(?<shortYear>\d{2}) ${TIME} GMT$`),
  new RegExp(String.raw`^${SHORT_DAY} ${MONTH} (?<day>\d{2}| \d) ${TIME} (?<year>\d{4})$`),
];

/** @returns milliseconds since 1970, or `undefined` if the text is not an HTTP-date */
function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of HTTP_DATES) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const [month, day] = [MONTHS.indexOf(parts.month ?? ''), Number(parts.day)];
    const time = [Number(parts.hour), Number(parts.minute), Number(parts.second)] as const;
    const dateIn = (year: number) => Date.UTC(year, month, day, ...time);
    const year = parts.year === undefined ? fullYear(Number(parts.shortYear), dateIn, nowMs) : Number(parts.year);
    // `Date.UTC` turns 31 February into 3 March, and a year below 100 into one of the twentieth century.
    const isReal = year >= 100 && new Date(Date.UTC(year, month, day)).getUTCDate() === day;
    return isReal ? dateIn(year) : undefined;
  }
  return undefined;
}

/** A date more than 50 years in the future is in the past: the latest year with these two digits (RFC 9110 §5.6.7). */
function fullYear(lastTwoDigits: number, dateIn: (year: number) => number, nowMs: number): number {
  const now = new Date(nowMs);
  const inFiftyYears = new Date(nowMs).setUTCFullYear(now.getUTCFullYear() + 50);
  const candidate = Math.floor(now.getUTCFullYear() / 100 + 1) * 100 + lastTwoDigits;
  return [candidate, candidate - 100].find((year) => dateIn(year) <= inFiftyYears) ?? candidate - 200;
}
