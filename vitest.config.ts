import { defineConfig } from 'vitest/config';

/**
 * For tests with sockets and processes: how long what must come may take until it is called missing. No measure of speed: a
 * bound on time stands in the test, with what the machine has added taken off.
 */
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

/** The folder of a test says how it runs: the folders of each project are listed here, and no files. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          // No sockets, no processes, no waiting. Files share their worker: to start one, and to compile what all of them
          // import, took a third of the time.
          name: 'unit',
          isolate: false,
          maxWorkers: 2,
          include: [
            'packages/*/test/**/*.test.ts',
            'services/*/test/**/*.test.ts',
            'runner/test/*.test.ts',
            'lab/test/**/*.test.ts',
            'bench/test/*.test.ts',
            'traps/test/unit/*.test.ts',
            'scripts/test/*.test.ts',
          ],
          exclude: ['lab/test/browser/**', '**/test/calibration/**'],
        },
      },
      {
        test: {
          // Real sockets and processes, side by side: another test beside them makes them slower, not wrong. Three files at a
          // time fill two cores, because each of them waits half of the time.
          name: 'quick',
          include: ['e2e/quick/*.test.ts', 'traps/test/sockets/*.test.ts'],
          sequence: { groupOrder: 1 },
          isolate: false,
          maxWorkers: 3,
          ...PATIENCE,
        },
      },
      {
        test: {
          // Load, minutes, or a measured latency: one file at a time, or they would measure each other.
          name: 'system',
          sequence: { groupOrder: 2 },
          include: [
            'e2e/system/*.test.ts',
            'bench/test/system/*.test.ts',
            '{packages/*,lab}/test/calibration/*.test.ts',
          ],
          fileParallelism: false,
          ...PATIENCE,
        },
      },
      {
        test: {
          // Needs Chromium.
          name: 'browser',
          sequence: { groupOrder: 3 },
          include: ['lab/test/browser/*.test.ts', 'e2e/browser/*.test.ts'],
          ...PATIENCE,
        },
      },
      {
        test: {
          // Needs Prometheus.
          name: 'observe',
          sequence: { groupOrder: 4 },
          include: ['e2e/observe/*.test.ts'],
          ...PATIENCE,
          testTimeout: 120_000,
        },
      },
      {
        test: {
          // Needs a Docker engine.
          name: 'compose',
          sequence: { groupOrder: 5 },
          include: ['e2e/compose/*.test.ts'],
          fileParallelism: false,
          ...PATIENCE,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
