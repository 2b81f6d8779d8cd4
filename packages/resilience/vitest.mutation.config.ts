import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Random scenarios would kill a mutant in one run and miss it in the next, and shrink for a minute each time.
    exclude: ['test/properties.test.ts'],
  },
});
