import { CONTENDERS } from '../src/contenders.ts';
import type { Benchmarks, Rounds } from '../src/result.ts';

/** How dear the machine was, round by round: the ratios must not show it. */
const DEARNESS = [1, 1.5, 2, 1.5, 1, 3];

const rounds = (value: number) => DEARNESS.map((dearness) => value * dearness);
const CPU_US: Readonly<Record<string, number>> = {
  tutorial: 400,
  fetch: 120,
  got: 200,
  ky: 150,
  'undici-cockatiel': 60,
  bare: 40,
  ours: 100,
  'ours-traced': 105,
  'ours-silent': 80,
  'ours-uncounted': 95,
};
const present = CONTENDERS.filter(({ name }) => name in CPU_US);
const all = (value: (name: string) => number): Rounds =>
  Object.fromEntries(present.map(({ name }) => [name, rounds(value(name))]));
const levels = (values: Readonly<Record<string, number>>): Rounds =>
  Object.fromEntries(Object.entries(values).map(([level, value]) => [level, [value]]));

const provenance = {
  startedAt: '2026-01-02T03:04:05.000Z',
  command: 'pnpm bench',
  seed: 1,
  on: 'embedded',
  commit: '0123456789abcdef',
  node: 'v24.0.0',
  versions: {},
  machine: { cpu: 'A processor', cores: 2, memoryBytes: 2 ** 33, os: 'Linux' },
};

/** What a run could have measured; nginx was not installed. */
export function sampleBenchmarks(): Benchmarks {
  return {
    measurements: {
      provenance,
      versions: { axios: '1.2.3' },
      absent: ['nginx'],
      startUpMs: all(() => 100),
      cpuUs: all((name) => CPU_US[name] as number),
      perSecond: all((name) => 1e6 / (CPU_US[name] as number)),
      cores: all(() => 0.5),
      othersCores: Object.fromEntries(present.map(({ name }) => [name, [0.1]])),
      residentBytes: Object.fromEntries(present.map(({ name }) => [name, 2 ** 26])),
      latency: [
        {
          halfOf: 'tutorial',
          ratePerS: 1_250,
          p50Ms: { tutorial: rounds(1), ours: rounds(0.5) },
          p99Ms: { tutorial: rounds(10), ours: rounds(3) },
          latenessP99Ms: { tutorial: rounds(0.1), ours: rounds(0.1) },
          cpuUs: { tutorial: rounds(500), ours: rounds(150) },
        },
        {
          halfOf: 'ours',
          ratePerS: 5_000,
          p50Ms: { ours: rounds(0.5) },
          p99Ms: { ours: rounds(4) },
          latenessP99Ms: { ours: rounds(0.1) },
          cpuUs: { ours: rounds(120) },
        },
      ],
      refusalCpuUs: { tutorial: rounds(300), ours: rounds(40) },
      successCpuUs: { tutorial: rounds(400), ours: rounds(100) },
      byConnections: { ours: levels({ 1: 150, 10: 100, 100: 90, 500: 95 }) },
      byEndpoints: { ours: levels({ 1: 100, 2: 101, 4: 102, 8: 103 }) },
    },
    profile: {
      provenance,
      requests: 1_000,
      shares: [
        { what: 'axios', share: 0.7 },
        { what: 'zod', share: 0.299 },
        { what: 'qs', share: 0.001 },
      ],
    },
    memory: {
      provenance,
      samples: [0, 200_000, 600_000, 1_000_000].map((requests) => ({ requests, residentBytes: 2 ** 26 + requests })),
    },
  };
}
