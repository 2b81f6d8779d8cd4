export { ComposedSystem, type SystemOptions } from './composed-system.ts';
export { freePort, freePorts } from './free-ports.ts';
export {
  describeEnding,
  type Ending,
  type Output,
  type ProcessOptions,
  type RunningProcess,
  startProgram,
  startScript,
} from './node-process.ts';
export { EndedBeforeListening, type Listening, type ServiceOptions, ServiceProcess } from './service-process.ts';
export { ROOT, SERVICES, type ServiceName, type StartScript, startScriptOf } from './services.ts';
