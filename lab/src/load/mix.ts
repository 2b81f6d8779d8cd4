import type { Expectation, Load } from '../experiment/format.ts';
import { withNumber, withVariables } from '../experiment/placeholders.ts';

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

/**
 * Everything of the mix that does not depend on the arrival, made once.
 * @param env where `{env:NAME}` in a header is looked up; {@link missingVariables} says beforehand what is not there
 */
export function prepareMix(mix: Load['mix'], env: NodeJS.ProcessEnv): PreparedRequest[] {
  return mix.map(({ method, path, headers, body, expect }) => {
    const text = body === undefined ? undefined : (body.text ?? JSON.stringify(body.json));
    const type = body === undefined ? {} : contentType(body.text === undefined, headers);
    const filled = Object.entries({ ...type, ...headers }).map(
      ([name, value]) => [name, withVariables(value, env)] as const,
    );
    const same = filled.some(([, value]) => value.includes('{n}')) ? undefined : Object.fromEntries(filled);
    return {
      name: `${method} ${path}`,
      method,
      path: (arrival) => withNumber(path, arrival),
      headers: (arrival) =>
        same ?? Object.fromEntries(filled.map(([name, value]) => [name, withNumber(value, arrival)])),
      body: (arrival) => (text === undefined ? undefined : withNumber(text, arrival)),
      expect,
    };
  });
}

function contentType(isJson: boolean, headers: Readonly<Record<string, string>>): Record<string, string> {
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) return {};
  return { 'content-type': isJson ? 'application/json' : 'text/plain; charset=utf-8' };
}
