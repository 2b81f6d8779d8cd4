import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Random scenarios would kill a mutant in one run and miss it in the next, and shrink for a minute each time.
    exclude: ['test/properties.test.ts'],
    // A mutant that only the usual five seconds stop has been noticed by a busy machine, not by a test.
    testTimeout: 20_000,
  },
});
