export { remoteError, taking, testContext, track, unreachable } from './calls.ts';
export { chance } from './chance.ts';
export { type StandIn, startStandIn } from './stand-in.ts';
export { virtualTime } from './virtual-time.ts';
