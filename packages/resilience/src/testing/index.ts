export { remoteError, type Tracked, taking, testContext, track, unreachable } from './calls.ts';
export { chance } from './chance.ts';
export { type VirtualTime, virtualTime } from './virtual-time.ts';
