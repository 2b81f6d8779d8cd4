export { alarmLevel } from './alarm.ts';
export { LEAST_RUNS } from './between-runs.ts';
export type { Sample } from './block-length.ts';
export type { BootstrapOptions, Statistic } from './bootstrap.ts';
export { pairedDifference, unpairedDifference } from './differences.ts';
export { type Estimate, meanInterval, quantileInterval, shareInterval } from './intervals.ts';
export { quantile } from './quantile.ts';
export { judge, VERDICTS, type Verdict, worst } from './verdict.ts';
