import { SERVICES, type ServiceName } from '@halfopen/runner';
import { describeSetting, type SettingDescription } from '@halfopen/service-kit';
import type { ZodObject, ZodType } from 'zod';

/** A setting of one or several services. */
export interface DocumentedSetting extends SettingDescription {
  readonly name: string;
  readonly readBy: readonly ServiceName[];
}

/** Every setting of the services in `SERVICES`, by name, from their own `config.ts`. */
export async function allSettings(): Promise<readonly DocumentedSetting[]> {
  const settings = new Map<string, DocumentedSetting>();
  for (const service of SERVICES) {
    // By name, so that a new service is one entry in SERVICES and one dependency of this package.
    const { settings: config } = (await import(`@halfopen/${service}/config`)) as { readonly settings: ZodObject };
    for (const [name, kind] of Object.entries(config.shape)) {
      const readBy = [...(settings.get(name)?.readBy ?? []), service];
      settings.set(name, { ...describeSetting(kind as ZodType), name, readBy });
    }
  }
  return [...settings.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** `2000 ms`, as Markdown. */
export const defaultOf = ({ fallback, unit }: SettingDescription) => `\`${fallback}\`${unit === '' ? '' : ` ${unit}`}`;
