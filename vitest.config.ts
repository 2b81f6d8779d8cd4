import { defineConfig } from 'vitest/config';

/** Of the tests over real sockets, those that measure no time: a busy machine makes them last longer, not fail. */
const SIDE_BY_SIDE = [
  'bench/test/contenders.test.ts',
  'e2e/cardinality.test.ts',
  'e2e/contract.test.ts',
  'e2e/contributing.test.ts',
  'e2e/explain.test.ts',
  'e2e/faults-command.test.ts',
  'e2e/faults.test.ts',
  'e2e/hello.test.ts',
  'e2e/hostile.test.ts',
  'e2e/proxy.test.ts',
  'e2e/secrets.test.ts',
  'e2e/stale.test.ts',
  'e2e/start.test.ts',
  'e2e/traces.test.ts',
  'e2e/traps/*.test.ts',
  'lab/test/browser/*.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.ts',
            'services/*/test/**/*.test.ts',
            'lab/test/**/*.test.ts',
            'bench/test/*.test.ts',
            'scripts/test/*.test.ts',
          ],
          exclude: ['lab/test/browser/**', 'bench/test/contenders.test.ts'],
        },
      },
      {
        test: {
          name: 'e2e:side-by-side',
          include: SIDE_BY_SIDE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          // They measure time: side by side they would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          // Needs Prometheus.
          name: 'observe',
          include: ['e2e/observe/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'compose',
          include: ['e2e/compose/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
