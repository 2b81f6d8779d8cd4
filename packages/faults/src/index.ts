export { Injector } from './injector.ts';
export { type FaultsOptions, faults, type RequestFacts } from './middleware.ts';
export { mountFaults } from './ops-routes.ts';
export { FaultPlanError } from './plan.ts';
