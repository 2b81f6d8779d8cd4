/**
 * One outage of the real edge and greeter, scraped by a real Prometheus with the committed rules: what the dashboards ask
 * is answered, the alerts ring, and the figures are those that were counted outside. `OUTAGE_PICTURE=…svg` has it drawn.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { openLoop, type Seen } from '../harness/open-loop.ts';
import { spawnEdge, spawnGreeter } from '../harness/process.ts';
import { dashboardQueries, dashboards } from './dashboards.ts';
import { drawOutage } from './picture.ts';
import { type Prometheus, type Series, startPrometheus } from './prometheus.ts';

/** Requests a second to the edge. */
const RATE = 50;
/** When what happens, in milliseconds since the load began. */
const LEAVE_MS = [5_500, 7_000] as const;
/**
 * Twice: what the first time gives a series its first value, the second time moves it. Not earlier: of the few calls that
 * a rate knows at first, twenty retries are a fifth, which is the alert of amplification.
 */
const HANGS_MS = [
  [7_500, 9_000],
  [12_500, 15_000],
] as const;
const BROKEN_MS = 17_000;
const WELL_AGAIN_MS = 50_000;
const END_MS = 54_000;

/** The window of `…_rate1m`, in milliseconds: at the end it holds all of the load. */
const RECORDED_WINDOW_MS = 60_000;

/** Callers who leave each time. */
const LEAVERS = 5;

/** Each alert that is seen, where, and how far it gets: those that wait for a minute (`for`) are still pending. */
const ALERTS: readonly (readonly [name: string, job: string, state: 'firing' | 'pending'])[] = [
  ['SuccessBurnsFast', 'edge', 'firing'],
  ['BreakerOpen', 'edge', 'firing'],
  ['FaultsInjected', 'greeter', 'firing'],
  ['AnswersSlow', 'edge', 'pending'],
  ['RetryBudgetExhausted', 'edge', 'pending'],
  ['CallsRefused', 'edge', 'pending'],
  ['ServiceDown', 'greeter', 'pending'],
  ['ServiceGone', 'greeter', 'pending'],
  ['BreakerFlaps', 'strained-edge', 'firing'],
  ['Amplification', 'strained-edge', 'pending'],
  ['WorkWasted', 'strained-edge', 'pending'],
  ['EventLoopBlocked', 'strained-edge', 'pending'],
  ['ServiceOverloaded', 'strained-greeter', 'pending'],
];

/** What the policies and the two services do not let happen, however long the outage. */
const NEVER: readonly (readonly [name: string, job: string])[] = [
  ['Amplification', 'edge'],
  ['BreakerFlaps', 'edge'],
  ['ServiceOverloaded', 'greeter'],
];

/** Queries whose answer is zero all the time, and why. All others must have moved. */
const STAYS_ZERO: Readonly<Record<string, string>> = {
  'Halfopen: one downstream / Retries and hedges / B': 'hedging is off unless asked for',
  'Halfopen: one downstream / Endpoints left out / A': 'the only endpoint is never left out',
  'Halfopen: one downstream / Its admission / B': 'the greeter has room',
  'Halfopen: one downstream / Its wasted work / A': 'a greeting costs nothing, and the waiting of a fault is no work',
};

const play = async (opsUrl: string, faults: readonly object[]) => {
  const { statusCode, body } = await request(`${opsUrl}/faults`, {
    method: 'PUT',
    body: JSON.stringify({ seed: 1, faults }),
  });
  expect(statusCode, await body.text()).toBe(200);
};

/** A caller who leaves if there is no answer after `patienceMs`. @returns the status, or `left` */
async function impatient(
  dispatcher: Agent,
  url: string,
  patienceMs: number,
  headers: Record<string, string> = {},
): Promise<number | 'left'> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const { statusCode, body } = await request(`${url}/hello`, { dispatcher, signal, headers });
    await body.dump();
    return statusCode;
  } catch (error) {
    if (signal.aborted) return 'left';
    throw error;
  }
}

type Env = Readonly<Record<string, string>>;

/** A greeter and an edge before it, each a process. */
async function startPair(greeterEnv: Env, edgeEnv: Env) {
  const greeter = spawnGreeter({ FAULTS: 'on', ...greeterEnv });
  const { url: greeterUrl, opsUrl: greeterOpsUrl } = await greeter.listening;
  const edge = spawnEdge({ GREETER_URL: greeterUrl, ...edgeEnv });
  const { url, opsUrl } = await edge.listening;
  return { greeter, edge, url, opsUrl, greeterOpsUrl };
}

/**
 * A second pair, with settings that nobody should have, and callers without patience: for what never happens at `edge`
 * and `greeter`.
 */
async function startStrained() {
  const { edge, url, opsUrl, greeterOpsUrl } = await startPair(
    { GREETER_MAX_IN_PROGRESS: '1', GREETER_MAX_QUEUED: '0' },
    {
      GREETER_CALL_RETRY_BUDGET: '1000',
      GREETER_CALL_RETRY_RATIO: '1',
      GREETER_CALL_BREAKER_FAILURE_RATE: '0.9',
      GREETER_CALL_BREAKER_MINIMUM_CALLS: '5',
      GREETER_CALL_BREAKER_WINDOW_MS: '500',
      GREETER_CALL_BREAKER_MAX_OPEN_MS: '250',
    },
  );

  const strain = async () => {
    const dispatcher = new Agent();
    const callers: Promise<unknown>[] = [];
    const timer = setInterval(() => callers.push(impatient(dispatcher, url, 100)), 50);
    // Slow requests take all the room there is, their callers leave, and every success pays for a retry.
    await play(greeterOpsUrl, [
      { id: 'slow', rate: 0.15, delayMs: 300 },
      { id: 'errors', rate: 0.45, status: 503 },
    ]);
    await delay(12_000);
    for (let n = 0; n < 7; n++) {
      await play(greeterOpsUrl, [{ id: 'flap', status: 503 }]);
      await delay(1_000);
      await play(greeterOpsUrl, []);
      await delay(1_000);
    }
    // A process that stands still: 4.8 s of the last minute, more than the 3 s that the alert allows, on any machine.
    for (let n = 0; n < 12; n++) {
      edge.signal('SIGSTOP');
      await delay(400);
      edge.signal('SIGCONT');
      await delay(100);
    }
    clearInterval(timer);
    await Promise.all(callers);
    await dispatcher.destroy();
  };
  return { addresses: { 'strained-edge': opsUrl, 'strained-greeter': greeterOpsUrl }, strain };
}

const address = (url: string) => new URL(url).host;
const nowS = () => Date.now() / 1_000;
const finite = (series: readonly Series[]) =>
  series.flatMap(({ samples }) => samples.map(([, value]) => value).filter(Number.isFinite));

test('an outage: every query is answered, the alerts ring, and the figures are right', async () => {
  const prometheus = await startPrometheus(['strained-edge', 'strained-greeter']);
  const from = nowS();
  const { greeter, url, opsUrl, greeterOpsUrl } = await startPair(
    {},
    // So few that the load fills them while the greeter hangs.
    { FAULTS: 'on', GREETER_CALL_MAX_IN_FLIGHT: '16', GREETER_CALL_MAX_QUEUED: '4' },
  );
  const strained = await startStrained();
  prometheus.target('edge', [address(opsUrl)]);
  prometheus.target('greeter', [address(greeterOpsUrl)]);
  for (const [job, at] of Object.entries(strained.addresses)) prometheus.target(job, [address(at)]);
  await expect.poll(async () => (await prometheus.range('up == 1', from, nowS())).length, { timeout: 10_000 }).toBe(4);

  const straining = strained.strain();
  const beganAt = nowS();
  const seen = await outage(url, greeterOpsUrl);
  await straining;
  // Two scrapes later all of it has been counted.
  await delay(2_500);
  await expectRightFigures(prometheus, seen, beganAt);

  // The end of the greeter: first its process, then its address.
  const pending = (name: string) => prometheus.range(`ALERTS{alertname="${name}",job="greeter"}`, nowS(), nowS());
  greeter.signal('SIGKILL');
  await expect.poll(() => pending('ServiceDown'), { timeout: 10_000 }).toHaveLength(1);
  prometheus.target('greeter', []);
  await expect.poll(() => pending('ServiceGone'), { timeout: 10_000 }).toHaveLength(1);

  const to = nowS();
  await expectVariables(prometheus);
  await expectAnswers(prometheus, address(opsUrl), from, to);
  await expectAlerts(prometheus, from, to, beganAt + BROKEN_MS / 1_000);
  const picture = process.env.OUTAGE_PICTURE;
  if (picture !== undefined)
    writeFileSync(picture, await drawOutage(prometheus, address(opsUrl), beganAt, beganAt + END_MS / 1_000));
});

/** A greeter that is well, hangs twice, is broken for more than half a minute, and is well again. */
async function outage(url: string, greeterOpsUrl: string): Promise<Seen[]> {
  const dispatcher = new Agent();
  const leavers: Promise<number | 'left'>[] = [];
  const leave = async () => {
    for (let n = 0; n < LEAVERS; n++) leavers.push(impatient(dispatcher, url, 150, { 'x-fault': 'delay=400' }));
  };
  const script: (readonly [atMs: number, then: () => Promise<void>])[] = [
    [LEAVE_MS[0], leave],
    [LEAVE_MS[1], leave],
    ...HANGS_MS.flatMap(([from, to]): [number, () => Promise<void>][] => [
      [from, () => play(greeterOpsUrl, [{ id: 'hang', hang: true }])],
      [to, () => play(greeterOpsUrl, [])],
    ]),
    [BROKEN_MS, () => play(greeterOpsUrl, [{ id: 'broken', status: 503 }])],
    [WELL_AGAIN_MS, () => play(greeterOpsUrl, [])],
  ];
  const played: Promise<void>[] = [];
  const seen = await openLoop(url, {
    rate: RATE,
    durationMs: END_MS,
    onTick: (elapsedMs) => {
      const [atMs, then] = script[0] ?? [];
      if (atMs === undefined || then === undefined || elapsedMs < atMs) return;
      script.shift();
      played.push(then());
    },
  });
  await Promise.all(played);
  expect(await Promise.all(leavers)).toEqual(Array(2 * LEAVERS).fill('left'));
  await dispatcher.destroy();
  return seen;
}

/** What Prometheus says of the edge, compared with what its callers have seen. */
async function expectRightFigures(prometheus: Prometheus, seen: readonly Seen[], beganAt: number) {
  const endedAt = nowS();
  const at = (ms: number) => beganAt + ms / 1_000;
  /** One number at a moment. */
  const value = async (expr: string, when: number) => {
    const series = await prometheus.range(expr, when, when);
    expect(series, expr).toHaveLength(1);
    return series[0]?.samples[0]?.[1] ?? Number.NaN;
  };
  /** The values of a label with a number each, at the end. */
  const byLabel = async (label: string, expr: string) => {
    const series = await prometheus.range(`sum by (${label}) (${expr})`, endedAt, endedAt);
    return Object.fromEntries(series.map(({ metric, samples }) => [metric[label], samples[0]?.[1]]));
  };
  const count = (of: (one: Seen) => boolean) => seen.filter(of).length;

  // Counters, to the last request: what callers have got, status by status, and why.
  const statuses = new Set(seen.map(({ status }) => status));
  expect([...statuses]).toEqual(expect.arrayContaining([200, 502, 503, 504]));
  expect(await byLabel('http_response_status_code', 'http_server_request_duration_seconds_count{job="edge"}')).toEqual({
    ...Object.fromEntries([...statuses].map((status) => [status, count((one) => one.status === status)])),
    '499': 2 * LEAVERS,
  });
  const codes = ['overloaded', 'breaker_open', 'budget_exhausted'];
  const refused = Object.fromEntries(codes.map((code) => [code, count((one) => one.code === code)]));
  expect(await byLabel('code', 'client_rejected_total{job="edge"}')).toEqual(refused);
  expect(Math.min(...Object.values(refused))).toBeGreaterThan(0);

  // What the edge says that it has sent is what the greeter says that it has got.
  const sent = await value('sum(http_client_request_duration_seconds_count{job="edge"})', endedAt);
  const got = await value('sum(http_server_request_duration_seconds_count{job="greeter"})', endedAt);
  expect(sent).toBe(got);

  // Recorded ratios over the last minute, which is all of the load. Prometheus does not know what a counter was before it
  // was first scraped: what it stood at then, a few seconds' requests on a busy machine, is missing from them.
  expect((endedAt - beganAt) * 1_000).toBeLessThan(RECORDED_WINDOW_MS);
  const missed = (expr: string) => value(`sum(min_over_time(${expr}[1m]))`, endedAt);
  const requests = 'http_server_request_duration_seconds_count{job="edge",http_response_status_code';
  const outcomes = 'client_call_duration_seconds_count{job="edge",outcome';
  const attempts = got - (await missed('http_client_request_duration_seconds_count{job="edge"}'));
  const calls = seen.length + 2 * LEAVERS - (await missed('client_call_duration_seconds_count{job="edge"}'));
  const good = count(({ status }) => status === 200);
  const recordedAndCounted = {
    success: [
      await value('job:http_server_success:ratio_rate1m{job="edge"}', endedAt),
      (good - (await missed(`${requests}="200"}`))) / (seen.length - (await missed(`${requests}!="499"}`))),
    ],
    clientSuccess: [
      await value('downstream:client_success:ratio_rate1m{job="edge"}', endedAt),
      (good - (await missed(`${outcomes}="success"}`))) / (seen.length - (await missed(`${outcomes}!="cancelled"}`))),
    ],
    amplification: [await value('downstream:client_amplification:ratio_rate1m{job="edge"}', endedAt), attempts / calls],
  } as const;
  for (const [name, [recorded, counted]] of Object.entries(recordedAndCounted)) {
    expect(Math.abs(recorded - counted), `${name}: ${recorded}, ${counted}`).toBeLessThan(0.03);
  }

  // After it has hung: more than one in a hundred have waited for a second attempt as well. The recorded quantile is in the
  // bucket that holds what callers have measured.
  const early = seen.filter(({ dueMs }) => dueMs < BROKEN_MS);
  const hung = early.map(({ tookMs }) => tookMs / 1_000);
  const noise = Math.max(...early.map(({ noiseMs }) => noiseMs)) / 1_000;
  const p99 = hung.toSorted((a, b) => a - b)[Math.floor(hung.length * 0.99)];
  const recorded = await value('job:http_server_request_duration_seconds:p99_rate1m{job="edge"}', at(BROKEN_MS));
  for (const [name, quantile] of Object.entries({ p99, recorded })) {
    expect(quantile, name).toBeGreaterThan(1);
    expect(Number(quantile) - noise, name).toBeLessThan(2.5);
  }

  // In the middle of the outage: what is asked a second, that it is answered, and by whom it is refused.
  const panel = (ending: string) => dashboardQueries().find(({ where }) => where.endsWith(ending))?.expr ?? ending;
  const middle = at((BROKEN_MS + WELL_AGAIN_MS) / 2);
  expect(Math.abs((await value(panel('Offered and goodput / A'), middle)) - RATE)).toBeLessThan(RATE / 10);
  expect(Math.abs((await value(panel('Offered and goodput / C'), middle)) - RATE)).toBeLessThan(RATE / 10);
  expect(await value(panel('Offered and goodput / B'), middle)).toBe(0);
  const level = 'endpoint:breaker_state:level{job="edge"}';
  expect(await value(level, middle), 'open or half-open').toBeGreaterThanOrEqual(1);
  expect(await value(level, endedAt), 'closed').toBe(0);
  const budget = 'client_retry_budget_remaining{job="edge"}';
  expect(await value(budget, middle), 'no retry left').toBeLessThan(1);
  expect(await value(`max_over_time(${budget}[30s])`, at(BROKEN_MS)), 'some, before').toBeGreaterThan(1);
}

/** What is chosen from at the top of a dashboard, what it opens with among it. */
async function expectVariables(prometheus: Prometheus) {
  for (const { title, templating } of dashboards) {
    for (const { name, type, definition = '', current } of templating.list) {
      if (type === 'datasource') continue;
      const [, match = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
      const values = await prometheus.labelValues(label, match.replace('$downstream', 'greeter'));
      expect(values.length, `${title} / ${name}`).toBeGreaterThan(0);
      if (current.value !== '$__all') expect(values, `${title} / ${name}`).toContain(current.value);
    }
  }
}

/** Every query has an answer with numbers in it, with the labels that its legend shows, and has moved. */
async function expectAnswers(prometheus: Prometheus, instance: string, from: number, to: number) {
  const zero: string[] = [];
  for (const { where, expr, legend } of dashboardQueries({ instance })) {
    const series = await prometheus.range(expr, from, to);
    const values = finite(series);
    expect(values.length, `${where} has no data: ${expr}`).toBeGreaterThan(0);
    for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) {
      expect(
        series.some(({ metric }) => metric[label] !== undefined),
        `${where} shows ${label}, which no series has: ${expr}`,
      ).toBe(true);
    }
    if (values.every((one) => one === 0)) zero.push(where);
  }
  expect(zero.toSorted()).toEqual(Object.keys(STAYS_ZERO).toSorted());
}

/** Every rule can be evaluated and has had a result, and the alerts have rung for whom they should. */
async function expectAlerts(prometheus: Prometheus, from: number, to: number, brokenAt: number) {
  const rules = await prometheus.rules();
  for (const { name, query, health, lastError } of rules) {
    expect(health, `${name}: ${lastError}`).toBe('ok');
    expect(finite(await prometheus.range(query, from, to)).length, `${name} has no data: ${query}`).toBeGreaterThan(0);
  }
  const names = rules.filter(({ type }) => type === 'alerting').map(({ name }) => name);
  expect(ALERTS.map(([name]) => name).toSorted()).toEqual(names.toSorted());

  const statesSince = async (since: number) =>
    (await prometheus.range('ALERTS', since, to)).map(
      ({ metric }) => `${metric.alertname} ${metric.job} ${metric.alertstate}`,
    );
  expect(await statesSince(from)).toEqual(expect.arrayContaining(ALERTS.map((alert) => alert.join(' '))));
  // Not even pending, once rates over a minute know more than the first few requests.
  const states = await statesSince(brokenAt);
  for (const [name, job] of NEVER) {
    expect(states.filter((state) => state.startsWith(`${name} ${job} `))).toEqual([]);
  }
}
