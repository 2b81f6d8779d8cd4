import { settings as edgeSettings } from '@halfopen/edge/config';
import { settings as greeterSettings } from '@halfopen/greeter/config';
import { describeSetting, nearestName } from '@halfopen/service-kit';
import { ZodDefault, ZodEnum, type ZodType } from 'zod';
import type { Variant } from './format.ts';

const SETTINGS: Readonly<Record<'edge' | 'greeter', Readonly<Record<string, ZodType>>>> = {
  edge: edgeSettings.shape,
  greeter: greeterSettings.shape,
};

/** Variables that the runner sets itself. A variant that set them would call the wrong service. */
const RUNNERS_OWN = /^(GREETER_URL|(EDGE|GREETER)_(HOST|PORT|OPS_PORT)|FAULTS|LOG_LEVEL)$/;

/**
 * What is wrong with the name of a variable of a variant. No service notices a misspelt one in time: the variant would be measured as if
 * nothing had been set.
 */
export function nameMistake(part: 'edge' | 'greeter', name: string): string | undefined {
  if (RUNNERS_OWN.test(name)) return 'is set by the runner: leave it out';
  // Other variables, such as NODE_OPTIONS, are not checked here.
  if (Object.hasOwn(SETTINGS[part], name) || !/^(EDGE|GREETER)_/.test(name)) return undefined;
  const other = part === 'edge' ? 'greeter' : 'edge';
  if (Object.hasOwn(SETTINGS[other], name)) return `is a setting of the ${other}: it belongs under ${other}`;
  const own = Object.keys(SETTINGS[part]).filter((one) => !RUNNERS_OWN.test(one));
  const meant = nearestName(name, own);
  return `is not a setting of the ${part}; ${meant === undefined ? 'docs/settings.md lists them' : `did you mean ${meant}?`}`;
}

/** Why a setting does not take this value. The service would only say so once it is started. */
export function valueMistake(part: 'edge' | 'greeter', name: string, value: string | number): string | undefined {
  const setting = SETTINGS[part][name];
  if (setting === undefined || setting.safeParse(String(value)).success) return undefined;
  return `must be ${describeSetting(setting).expects}`;
}

/** The same rule for editors that complete and check: every setting, its values, and that there is no other. */
export function environmentInJsonSchema(part: 'edge' | 'greeter'): Record<string, unknown> {
  const own = Object.entries(SETTINGS[part]).filter(([name]) => !RUNNERS_OWN.test(name));
  const properties = own.map(([name, kind]) => {
    const { description, expects, fallback, unit } = describeSetting(kind);
    const choices =
      kind instanceof ZodDefault && kind.def.innerType instanceof ZodEnum ? kind.def.innerType.options : [];
    const of = choices.length > 0 ? { enum: choices } : { type: ['string', 'number'] };
    return [name, { description: `${description} Takes ${expects}; default: ${`${fallback} ${unit}`.trim()}.`, ...of }];
  });
  const names = own.map(([name]) => name).join('|');
  return {
    properties: Object.fromEntries(properties),
    patternProperties: { [`^(?!(${names})$)((EDGE|GREETER)_|(FAULTS|LOG_LEVEL)$)`]: false },
  };
}

/** The variables of a variant as a process takes them: every value is text. */
export function asText(env: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]));
}

/** All that a variant sets, as a result keeps it. */
export function environmentOf({ edge, greeter, replicas }: Variant): Record<string, string> {
  return { ...asText(edge), ...asText(greeter), ...(replicas > 1 ? { GREETER_REPLICAS: String(replicas) } : {}) };
}
