/** Ids of the processes that this test has started and that still run. */
export const running = new Set<number>();
