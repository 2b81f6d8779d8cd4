/** Share of comparisons, as a whole, that may ring without a difference. */
const FALSE_ALARMS = 0.01;

/**
 * The level of the interval that a difference must clear before a comparison says "worse" and stops a pipeline.
 *
 * A 95 % interval is wrong one time in twenty, by definition: ten of them in a table ring in four runs out of ten with nothing to
 * report. So an alarm takes an interval of 99 %, and shares the remaining percent among all that is compared
 * (Bonferroni). The promise is that at most one comparison in twenty rings falsely; the distance between one percent and five is for
 * what an interval of bursts does not know about bursts.
 * @param comparisons how many differences are looked at; at least one
 */
export function alarmLevel(comparisons: number): number {
  return 1 - FALSE_ALARMS / Math.max(1, comparisons);
}
