import type { z } from 'zod';
import type { ProblemCode } from './problem.ts';

/** One operation of a service, as data: enough to serve it, call it, retry it safely and document it. */
export interface Operation<Query extends z.ZodObject = z.ZodObject, Response extends z.ZodType = z.ZodType> {
  /** camelCase. Name of the client's method, and the `operation` label of metrics. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Has no parameters, because all input is in the query. */
  readonly path: `/${string}`;
  /** Whether a request may be sent twice (RFC 9110 §9.2). An `unsafe` one is never repeated if it may have been carried out. */
  readonly safety: 'safe' | 'idempotent' | 'unsafe';
  readonly summary: string;
  readonly query: Query;
  /** The body of the one success status, 200. */
  readonly response: Response;
  /** The problems that the operation may answer with. */
  readonly problems: readonly ProblemCode[];
}

/** The operations of one service. */
export interface Contract<Operations extends Record<string, Operation> = Record<string, Operation>> {
  /** The service's name, as in logs, metrics and settings. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly operations: Operations;
}

/** What a caller passes. */
export type InputOf<O extends Operation> = z.input<O['query']>;
/** What a handler receives: validated and normalized. */
export type ParsedInputOf<O extends Operation> = z.output<O['query']>;
/** What a handler returns. */
export type ResultOf<O extends Operation> = z.input<O['response']>;
/** What a caller gets. */
export type OutputOf<O extends Operation> = z.output<O['response']>;

/** Declares an operation, keeping its exact types. */
export function defineOperation<Query extends z.ZodObject, Response extends z.ZodType>(
  operation: Operation<Query, Response>,
): Operation<Query, Response> {
  return operation;
}

/** Declares a contract, keeping its exact types. */
export function defineContract<Operations extends Record<string, Operation>>(
  contract: Contract<Operations>,
): Contract<Operations> {
  return contract;
}
