import process from 'node:process';

/**
 * Milliseconds on a clock that all processes of this machine share and that only moves forward. The time of day would not do: if it were
 * set between the starts of two processes, faults and load would disagree about when a phase begins.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
