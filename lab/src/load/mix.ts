import type { Expectation, Load } from '../experiment/format.ts';
import { numbered } from './outcome.ts';

/** An entry of the mix, ready to be sent many times. */
export interface PreparedRequest {
  /** As a person tells it from the others of the mix. */
  readonly name: string;
  readonly method: Load['mix'][number]['method'];
  readonly path: (arrival: number) => string;
  readonly headers: (arrival: number) => Readonly<Record<string, string>>;
  readonly body: (arrival: number) => string | undefined;
  readonly expect: Expectation;
}

const VARIABLE = /\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Everything of the mix that does not depend on the arrival, made once.
 * @param env where `{env:NAME}` in a header is looked up; {@link missingVariables} says beforehand what is not there
 */
export function prepareMix(mix: Load['mix'], env: NodeJS.ProcessEnv): PreparedRequest[] {
  return mix.map(({ method, path, headers, body, expect }) => {
    const text = body === undefined ? undefined : (body.text ?? JSON.stringify(body.json));
    const type = body === undefined ? {} : contentType(body.text === undefined, headers);
    const filled = Object.entries({ ...type, ...headers }).map(
      ([name, value]) => [name, value.replace(VARIABLE, (_, variable: string) => env[variable] ?? '')] as const,
    );
    const same = filled.some(([, value]) => value.includes('{n}')) ? undefined : Object.fromEntries(filled);
    return {
      name: `${method} ${path}`,
      method,
      path: (arrival) => numbered(path, arrival),
      headers: (arrival) => same ?? Object.fromEntries(filled.map(([name, value]) => [name, numbered(value, arrival)])),
      body: (arrival) => (text === undefined ? undefined : numbered(text, arrival)),
      expect,
    };
  });
}

/** Variables that a header of the mix asks for and the environment does not have, each with the place of the header. */
export function missingVariables(
  mix: Load['mix'],
  env: NodeJS.ProcessEnv,
): { readonly variable: string; readonly path: readonly (string | number)[] }[] {
  return mix.flatMap(({ headers }, index) =>
    Object.entries(headers).flatMap(([name, value]) =>
      [...value.matchAll(VARIABLE)]
        .map(([, variable]) => variable as string)
        .filter((variable) => env[variable] === undefined)
        .map((variable) => ({ variable, path: ['load', 'mix', index, 'headers', name] })),
    ),
  );
}

function contentType(isJson: boolean, headers: Readonly<Record<string, string>>): Record<string, string> {
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) return {};
  return { 'content-type': isJson ? 'application/json' : 'text/plain; charset=utf-8' };
}
