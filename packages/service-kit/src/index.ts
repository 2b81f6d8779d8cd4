export { type Addresses, createService, ListenError, type Service, type ServiceOptions } from './create-service.ts';
export { HttpProblem, type HttpProblemOptions } from './http-problem.ts';
export { createLog, type Logger, type LogLevel } from './log.ts';
export { nearestName } from './nearest-name.ts';
export { type RequestContext, recordOf, sayStale, takeOver } from './request-context.ts';
export { type Route, route } from './route.ts';
export { type RunOptions, runService } from './run-service.ts';
export {
  commonSettings,
  describeSetting,
  readSettings,
  type SettingDescription,
  SettingsError,
  setting,
} from './settings.ts';
export { notFromForeignPages } from './web-pages.ts';
