/** Share of comparisons, each as a whole, that may report a difference that is not there. */
const FALSE_ALARMS = 0.01;

/**
 * The level of the interval that a difference must clear before a comparison says "worse" and stops a pipeline.
 *
 * A 95 % interval is wrong one time in twenty by definition: a table of ten would raise a false alarm in four runs out
 * of ten. An alarm therefore uses 99 %, and shares the remaining percent among everything that is compared
 * (Bonferroni). The promise is at most one false alarm in twenty comparisons; the margin between one and five percent
 * covers what an interval cannot know about bursts.
 * @param comparisons number of differences that are compared; at least one
 */
export function alarmLevel(comparisons: number): number {
  return 1 - FALSE_ALARMS / Math.max(1, comparisons);
}
