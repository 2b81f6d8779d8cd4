// Virtual time and calls stand with the policies, whose own tests need them, too.
export * from '@halfopen/resilience/testing';
export { type Lateness, measureLateness, nowMs, starvedMs, timed } from './machine-lateness.ts';
export { countsOf, late, type OpenLoop, openLoop, type Seen, successShare, warmUp } from './open-loop.ts';
export { RECOVERY_WINDOW_MS, recoveryMs } from './recovery.ts';
export { type StandIn, startStandIn } from './stand-in.ts';
