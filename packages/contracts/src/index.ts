export { HEADERS, ID_PATTERN } from './headers.ts';
export { openApiDocument } from './openapi.ts';
export {
  type Contract,
  defineContract,
  defineOperation,
  type InputOf,
  type Operation,
  type OutputOf,
  type ParsedInputOf,
  type ResultOf,
} from './operation.ts';
export {
  isProblemCode,
  PROBLEM_MEDIA_TYPE,
  PROBLEMS,
  type Problem,
  type ProblemCode,
  problemOf,
  problemSchema,
} from './problem.ts';
export { formatQuery, MalformedQueryError, parseQuery } from './query.ts';
export {
  formatTraceparent,
  parseTraceparent,
  parseTracestate,
  RANDOM_TRACE_ID,
  SAMPLED,
  type Traceparent,
} from './trace-context.ts';
export { trimOws } from './white-space.ts';
