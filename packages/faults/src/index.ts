export { type MemberDescription, planMembers } from './describe.ts';
export { Injector } from './injector.ts';
export { FAULT_EXIT_CODE, type FaultsOptions, faults, type RequestFacts } from './middleware.ts';
export { mountFaults } from './ops-routes.ts';
export { FaultPlanError, type Host, parseFaultHeader } from './plan.ts';
export { histogramFromPrometheus } from './prometheus-histogram.ts';
