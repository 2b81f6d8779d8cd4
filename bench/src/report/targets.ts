import type { Estimate } from '@halfopen/figures/statistics';
import type { Benchmarks, ForeignCost } from '../result.ts';
import { excess, median, ratio, unevenness } from './figures.ts';

/** What a hop may cost at most. */
export interface Target {
  readonly text: string;
  readonly limit: number;
  /** `times`: a ratio. `share`: more than the other, or away from flat. */
  readonly unit: 'times' | 'share';
  /** `null`: it has not been measured. */
  readonly figure: Estimate | null;
}

/** Every target with its figure. */
export function targetsOf({ measurements, memory }: Benchmarks): Target[] {
  const { cpuUs, refusalCpuUs, successCpuUs, byConnections, byEndpoints, latency } = measurements;
  const cpu = of(cpuUs);
  const [atTutorials, atOurs] = latency;
  const p99 = (at: (typeof latency)[number] | undefined, name: string) => of(at?.p99Ms ?? {})(name);
  const flat = (levels: Readonly<Record<string, readonly number[]>> | undefined): Estimate => ({
    value: unevenness(Object.values(levels ?? {}).map((rounds) => median(rounds).value)),
    interval: null,
  });
  return [
    { text: 'CPU for each request, against the tutorial stack', ...times(0.4, ratio(cpu('ours'), cpu('tutorial'))) },
    { text: 'CPU for each request, against bare undici', ...times(2, ratio(cpu('ours'), cpu('bare'))) },
    {
      text: `p99, both at half of what the tutorial stack can do (${atTutorials?.ratePerS}/s), against the tutorial stack`,
      ...times(0.5, ratio(p99(atTutorials, 'ours'), p99(atTutorials, 'tutorial'))),
    },
    {
      text: `p99, each at half of what it can do itself (${atOurs?.ratePerS}/s and ${atTutorials?.ratePerS}/s), against the tutorial stack`,
      ...times(0.5, ratio(p99(atOurs, 'ours'), p99(atTutorials, 'tutorial'))),
    },
    {
      text: 'CPU of a refusal while the breaker is open, against a successful hop',
      ...times(0.5, ratio(of(refusalCpuUs)('ours'), of(successCpuUs)('ours'))),
    },
    { text: 'CPU that logs add', ...share(0.15, excess(cpu('ours'), cpu('ours-silent'))) },
    { text: 'CPU that metrics add', ...share(0.1, excess(cpu('ours'), cpu('ours-uncounted'))) },
    { text: 'CPU that tracing 1 % of the requests adds', ...share(0.1, excess(cpu('ours-traced'), cpu('ours'))) },
    {
      text: `CPU for each request, at ${levelsOf(byConnections.ours)} connections: away from their mean`,
      ...share(0.1, flat(byConnections.ours)),
    },
    {
      text: `CPU for each request, with ${levelsOf(byEndpoints.ours)} endpoints: away from their mean`,
      ...share(0.1, flat(byEndpoints.ours)),
    },
    { text: 'Memory over a million requests: growth since the first fifth', ...share(0.1, growthOf(memory)) },
  ];
}

/** What a hop to a foreign server may cost: kept connections are for everybody. */
export function foreignTargetsOf({ cpuUs, connectionsPerRequest }: ForeignCost): Target[] {
  return [
    {
      text: 'CPU for each request to a server that names no requests, against one to ours',
      ...times(1.15, ratio(cpuUs.foreign, cpuUs.ours)),
    },
    {
      text: 'The same, against one to a server that names requests and is the same otherwise',
      ...times(1.15, ratio(cpuUs.foreign, cpuUs.naming)),
    },
    {
      text: 'New connections for each request to a server that names no requests',
      ...share(0.01, { value: connectionsPerRequest, interval: null }),
    },
  ];
}

/** Whether the measured value keeps to the limit. */
export function isMet({ figure, limit }: Target): boolean {
  return figure !== null && figure.value <= limit;
}

/** Half of the words of a verdict: an interval that holds the limit does not decide. */
export function verdictOf({ figure, limit }: Target): string {
  if (figure === null) return 'not measured';
  const { value, interval } = figure;
  const isClose = interval !== null && interval[0] <= limit && limit <= interval[1];
  return `${value <= limit ? '✓ met' : '✗ not met'}${isClose ? ', within the noise' : ''}`;
}

const times = (limit: number, figure: Estimate) => ({ unit: 'times', limit, figure }) as const;
const share = (limit: number, figure: Estimate | null) => ({ unit: 'share', limit, figure }) as const;

function of(rounds: Readonly<Record<string, readonly number[]>>) {
  return (name: string): readonly number[] => {
    const found = rounds[name];
    if (found === undefined) throw new Error(`${name} has not been measured`);
    return found;
  };
}

function levelsOf(byLevel: Readonly<Record<string, unknown>> | undefined): string {
  return Object.keys(byLevel ?? {}).join(', ');
}

/** Code is compiled and caches are filled in the first fifth. */
const SETTLED_SHARE = 0.2;

function growthOf(memory: Benchmarks['memory']): Estimate | null {
  const last = memory?.samples.at(-1);
  const settled = memory?.samples.find(({ requests }) => requests >= SETTLED_SHARE * (last?.requests ?? 0));
  if (last === undefined || settled === undefined) return null;
  return { value: last.residentBytes / settled.residentBytes - 1, interval: null };
}
