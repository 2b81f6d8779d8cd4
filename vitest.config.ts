import { defineConfig } from 'vitest/config';

/** Two cores run two processes under test at a time; a third would only make all of them late. */
const SIDE_BY_SIDE = { maxWorkers: 2, testTimeout: 30_000, hookTimeout: 30_000 };

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
          // Real sockets and processes, side by side: another test beside them makes them slower, not wrong.
          name: 'quick',
          include: ['e2e/quick/*.test.ts', 'traps/test/sockets/*.test.ts'],
          sequence: { groupOrder: 1 },
          ...SIDE_BY_SIDE,
        },
      },
      {
        test: {
          // Load, minutes, or a measured latency: one file at a time, or they would measure each other.
          name: 'system',
          include: [
            'e2e/system/*.test.ts',
            'bench/test/system/*.test.ts',
            '{packages/*,lab}/test/calibration/*.test.ts',
          ],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          // Needs Chromium.
          name: 'browser',
          include: ['lab/test/browser/*.test.ts'],
          ...SIDE_BY_SIDE,
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
          // Needs a Docker engine.
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
