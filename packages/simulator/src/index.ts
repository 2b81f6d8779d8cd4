export {
  type NaiveRetryOptions,
  naiveRetry,
  none,
  standard,
  tutorialStack,
  unlimitedRetries,
} from './client/configurations.ts';
export { simulatedContract } from './client/contract.ts';
export {
  type Configuration,
  createSimulatedClient,
  type PolicyOptions,
  type PolicyTools,
  type SimulatedCall,
  type SimulatedClient,
  type SimulatedClientOptions,
} from './client/simulated-client.ts';
export { type SimulatedTransportOptions, simulatedTransport } from './client/simulated-transport.ts';
export { type AttemptChance, type AttemptIdentity, attemptChance, randomStream } from './engine/chance.ts';
export {
  bimodal,
  constant,
  type Distribution,
  empirical,
  exponential,
  foldedNormal,
  lognormal,
  survival,
  uniform,
} from './engine/distributions.ts';
export { createWorld, type RunOptions, type World } from './engine/world.ts';
export { matchers } from './matchers.ts';
export { evenArrivals, merged, poissonArrivals, type RateFrom } from './models/arrivals.ts';
export { type CallersOptions, callIndexOf, startCallers } from './models/callers.ts';
export { type Effect, type Fault, flapping } from './models/faults.ts';
export type { NetworkOptions } from './models/network.ts';
export { relayTo } from './models/relay.ts';
export { OK, type Request, responseOf } from './models/request.ts';
export { createServer, type Discipline, type Server, type ServerLoad, type ServerOptions } from './models/server.ts';
export { type BreakerOpens, type BreakerOpensOptions, breakerOpens } from './questions/breaker-opens.ts';
export { type CostOfOutage, type CostOfOutageOptions, costOfOutage } from './questions/cost-of-outage.ts';
export { type HealsUpTo, type HealsUpToOptions, healsUpTo } from './questions/heals-up-to.ts';
export { type Figures, figuresBetween } from './record/figures.ts';
export { Journal, type Outcome } from './record/journal.ts';
export { pictureOf } from './record/picture.ts';
export type { Phase, PhaseFigures, Run } from './record/run.ts';
export { SAMPLE_MS, Samples, type Transition } from './record/samples.ts';
export { runScenario } from './scenarios/run-scenario.ts';
export type { Load, Scenario } from './scenarios/scenario.ts';
export { scenarios } from './scenarios/scenarios.ts';
export type { Seeds } from './scenarios/seeds.ts';
export { type SimulateOptions, type Simulation, simulate } from './scenarios/simulate.ts';
