import { settings as edgeSettings } from '@halfopen/edge/config';
import { settings as greeterSettings } from '@halfopen/greeter/config';
import { describeSetting } from '@halfopen/service-kit';
import type { ZodType } from 'zod';

const SETTINGS: Readonly<Record<'edge' | 'greeter', Readonly<Record<string, ZodType>>>> = {
  edge: edgeSettings.shape,
  greeter: greeterSettings.shape,
};

/** Variables that the runner sets itself: a variant that set them would talk to somebody else. */
const RUNNERS_OWN = /^(GREETER_URL|(EDGE|GREETER)_(HOST|PORT|OPS_PORT)|FAULTS|LOG_LEVEL)$/;

/**
 * What is wrong with a variable of a variant. The service would say so, too, but only once it is started, and of a misspelt one that is
 * none of its own not even then: the variant would be measured as if nothing had been set.
 */
export function environmentMistake(part: 'edge' | 'greeter', name: string, value: string | number): string | undefined {
  if (RUNNERS_OWN.test(name)) return 'is set by the runner: leave it out';
  const setting = SETTINGS[part][name];
  if (setting !== undefined) {
    return setting.safeParse(String(value)).success ? undefined : `must be ${describeSetting(setting).expects}`;
  }
  // Others are not ours to judge: NODE_OPTIONS is none of these.
  if (!/^(EDGE|GREETER)_/.test(name)) return undefined;
  const own = Object.keys(SETTINGS[part]).filter((one) => !RUNNERS_OWN.test(one));
  return `is not a setting of the ${part}; there are ${own.join(', ')}`;
}
