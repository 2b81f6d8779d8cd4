export { type MemberDescription, planMembers } from './describe.ts';
export { Injector } from './injector.ts';
export { type FaultsOptions, faults, type RequestFacts } from './middleware.ts';
export { mountFaults } from './ops-routes.ts';
export { FaultPlanError, type Host, parseFaultHeader } from './plan.ts';
export { histogramFromPrometheus } from './prometheus-histogram.ts';
export { FAULT_EXIT_CODE } from './schema.ts';
