export { type MemberDescription, planMembers } from './describe.ts';
export { Injector } from './injector.ts';
export { type FaultsOptions, faults, type RequestFacts } from './middleware.ts';
export { mountFaults } from './ops-routes.ts';
export { contradictionsOfPlan, FaultPlanError, type Host, parseFaultHeader } from './plan.ts';
export { histogramFromPrometheus } from './prometheus-histogram.ts';
export { FAULT_EXIT_CODE, type Fault, planSchema } from './schema.ts';
