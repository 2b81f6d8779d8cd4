/**
 * What a variant is, for readers who do not know the policies by name.
 * @param env the settings of the variant
 * @param on where it runs, as in the provenance of a result
 */
export function variantWords(env: Readonly<Record<string, string>>, on: string): string {
  if (on.includes('://')) return `the service at ${on}`;
  const { GREETER_CALL_POLICY: policy = 'standard', ...others } = env;
  const changed = Object.entries(others).map(([name, value]) => `${name}=${value}`);
  const words = policy === 'none' ? 'a bare call without any policy, the control' : `the ${policy} policy`;
  return changed.length === 0 ? words : `${words}, with ${changed.join(' ')}`;
}
