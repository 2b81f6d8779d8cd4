import type { Expectation, Load } from '../experiment/format.ts';
import { variablesIn, withNumber, withVariables } from '../experiment/placeholders.ts';

/** An entry of the mix, prepared for sending many times. */
export interface PreparedRequest {
  /** Name of the entry in messages. */
  readonly name: string;
  readonly method: Load['mix'][number]['method'];
  readonly path: (arrival: number) => string;
  readonly headers: (arrival: number) => Readonly<Record<string, string>>;
  readonly body: (arrival: number) => string | undefined;
  readonly expect: Expectation;
  /** Values that came from the environment. No result may hold them. */
  readonly secrets: readonly string[];
}

/**
 * Prepares everything about the mix that does not depend on the arrival.
 * @param env where `{env:NAME}` in a header is looked up; {@link missingVariables} finds missing variables beforehand
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
      secrets: Object.values(headers).flatMap((value) => variablesIn(value, env)),
    };
  });
}

function contentType(isJson: boolean, headers: Readonly<Record<string, string>>): Record<string, string> {
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) return {};
  return { 'content-type': isJson ? 'application/json' : 'text/plain; charset=utf-8' };
}
