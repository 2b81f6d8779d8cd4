import type { Load } from './format.ts';

const VARIABLE = /\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Replaces `{n}` by the number of the arrival. */
export function withNumber(text: string, arrival: number): string {
  return text.replaceAll('{n}', String(arrival));
}

/** Replaces each `{env:NAME}` by the variable's value; see {@link missingVariables} for those that have none. */
export function withVariables(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(VARIABLE, (_, variable: string) => env[variable] ?? '');
}

/** The values of the variables that a text refers to. */
export function variablesIn(text: string, env: NodeJS.ProcessEnv): string[] {
  return [...text.matchAll(VARIABLE)].flatMap(([, variable]) => env[variable as string] || []);
}

/** Variables that a header of the mix refers to and the environment does not have, each with the path of the header. */
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
