import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'undici';
import { measureLateness, nowMs } from './machine-lateness.ts';

export interface OpenLoop {
  /** Requests a second. */
  readonly rate: number;
  readonly durationMs: number;
  /** Path of the n-th request, n from 0. Default `/hello`. */
  readonly path?: (n: number) => string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Processes under test, so that the time they are starved of a processor is known. Default none. */
  readonly pids?: readonly number[];
  /** Called about every 2 ms, and before the first request. */
  readonly onTick?: (elapsedMs: number) => void;
}

/** One answered request of an open loop. */
export interface Seen {
  /** From 0. */
  readonly n: number;
  /** When it was due, in milliseconds since the loop began. */
  readonly dueMs: number;
  /** How long after that it was sent: the generator's own lateness. */
  readonly sentLateMs: number;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body. Empty if it was not JSON. */
  readonly json: { readonly code?: string; readonly message?: string; readonly retryAfterMs?: number };
  /** The `code` of the answer, if it is a problem. */
  readonly code: string | undefined;
  /** From when it was due to the last byte of the answer. Counting from when it was sent would hide the waiting. */
  readonly tookMs: number;
  /** The largest delay that the machine and this generator added to timers while it was in flight. */
  readonly noiseMs: number;
}

/**
 * Asks at a constant rate on kept connections, however long the answers take. A closed loop asks less when answers are slow, and so
 * does not see how slow they are ("coordinated omission", Gil Tene).
 * @throws Error when a request was not answered at all
 */
export async function openLoop(url: string, load: OpenLoop): Promise<Seen[]> {
  const { rate, durationMs, path = () => '/hello', headers = {}, pids = [], onTick = () => undefined } = load;
  const agent = new Agent();
  const lateness = await measureLateness(pids);
  const startedAt = nowMs();

  const one = async (n: number): Promise<Omit<Seen, 'noiseMs'> | Error> => {
    const dueMs = (n / rate) * 1_000;
    const sentLateMs = nowMs() - startedAt - dueMs;
    try {
      const { statusCode: status, headers: got, body } = await request(url + path(n), { dispatcher: agent, headers });
      const text = await body.text();
      const tookMs = nowMs() - startedAt - dueMs;
      const isJson = /^application\/(problem\+)?json\b/.test(String(got['content-type'])) && text !== '';
      const json = isJson ? (JSON.parse(text) as Seen['json']) : {};
      return { n, dueMs, sentLateMs, status, headers: got, json, code: json.code, tookMs };
    } catch (cause) {
      return new Error(`request ${n}, due after ${Math.round(dueMs)} ms, was not answered: ${String(cause)}`, {
        cause,
      });
    }
  };

  const all: ReturnType<typeof one>[] = [];
  const total = Math.round((durationMs / 1_000) * rate);
  try {
    while (all.length < total) {
      const elapsedMs = nowMs() - startedAt;
      onTick(elapsedMs);
      const due = Math.min(total, Math.floor((elapsedMs / 1_000) * rate) + 1);
      while (all.length < due) all.push(one(all.length));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  } finally {
    await Promise.all(all);
    await agent.destroy();
  }
  const { between } = await lateness.stop();
  return (await Promise.all(all)).map((seen) => {
    if (seen instanceof Error) throw seen;
    const dueAt = startedAt + seen.dueMs;
    return { ...seen, noiseMs: between(dueAt, dueAt + seen.tookMs) };
  });
}

/** An answer may be this late, plus the delay that the machine was measured to add. */
const LATE_MS = 50;

/** The answers that came too late, the latest first. */
export const late = (seen: readonly Seen[], deadlineMs: number) =>
  seen
    .map(({ n, status, code, tookMs, noiseMs }) => ({
      n,
      status,
      code,
      tookMs: Math.round(tookMs),
      noiseMs: Math.round(noiseMs),
      lateMs: Math.round(tookMs - noiseMs - deadlineMs),
    }))
    .filter(({ lateMs }) => lateMs > LATE_MS)
    .toSorted((a, b) => b.lateMs - a.lateMs);

/** Share of the answers with status 200. */
export const successShare = (seen: readonly Seen[]) => seen.filter(({ status }) => status === 200).length / seen.length;

/** How often each kind of answer came: `{ '200': 380, '504 attempt_timeout': 20 }`. */
export function countsOf(seen: readonly Seen[]): Record<string, number> {
  const kinds = Map.groupBy(seen, ({ status, code }) => (code === undefined ? `${status}` : `${status} ${code}`));
  return Object.fromEntries([...kinds].map(([kind, alike]) => [kind, alike.length]));
}

/**
 * Warms up a service that answers `/hello`, by a hundred calls, four at a time. A process that has just started is slow at first.
 * @throws Error when an answer is not a 200
 */
export async function warmUp(url: string): Promise<void> {
  const agent = new Agent();
  const caller = async () => {
    for (let n = 0; n < 25; n++) {
      const { statusCode, body } = await request(`${url}/hello`, { dispatcher: agent });
      await body.dump();
      if (statusCode !== 200) throw new Error(`warming up needs a service that works, but it answered ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, caller));
  await agent.destroy();
}
